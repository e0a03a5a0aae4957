// SPDX-License-Identifier: MIT
// The sentences of an interpretation.
#pragma once

#include <vector>

#include "libtcp/trace/interpretation.hpp"

namespace tcp::trace {

// `answer`: the event that decided about our SYN, or null. `meaning` without its findings.
[[nodiscard]] std::vector<Finding> find_all(const Handshake& handshake, const Meaning& meaning,
                                            const HandshakeEvent* answer);

}  // namespace tcp::trace
