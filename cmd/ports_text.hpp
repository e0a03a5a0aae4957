// SPDX-License-Identifier: MIT
// How `tcpbox ports` reads: one answer in detail, several as a table.
#pragma once

#include <memory>

#include "cmd/output/view.hpp"

namespace tcp::cmd {

[[nodiscard]] std::unique_ptr<View> make_ports_text_view(Output& out);

}  // namespace tcp::cmd
