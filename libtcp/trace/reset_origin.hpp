// SPDX-License-Identifier: MIT
// Who sent an RST: the host itself, or something in front of it. An RST alone shows nothing.
#pragma once

#include <optional>
#include <string>

#include "libtcp/trace/interpretation.hpp"

namespace tcp::trace {

struct ResetJudgment {
  std::optional<ResetOrigin> origin;  // absent: nothing to compare it with
  std::string evidence;
};

// Nothing without an RST of the server's.
[[nodiscard]] std::optional<ResetJudgment> judge_reset(const Handshake& handshake);

}  // namespace tcp::trace
