// SPDX-License-Identifier: MIT
// What became of what our SYN asked for, and what a SYN-ACK that nobody confirmed shows.
#pragma once

#include <vector>

#include "libtcp/trace/interpretation.hpp"

namespace tcp::trace {

// Fills ecn, ecn_answer, fast_open, multipath, syn_cookies and split_handshake.
void read_offers(Meaning& meaning, const Handshake& handshake);

// Its sentences.
[[nodiscard]] std::vector<Finding> find_offers(const Handshake& handshake, const Meaning& meaning);

// The first event of that role, when it is a segment; otherwise null.
[[nodiscard]] const Segment* first_segment(const Handshake& handshake, Party from, Role role) noexcept;

// The SYN that the SYN-ACK answers: the only one, or the one whose timestamp it echoes; otherwise null.
[[nodiscard]] const Segment* answered_syn(const Handshake& handshake) noexcept;

}  // namespace tcp::trace
