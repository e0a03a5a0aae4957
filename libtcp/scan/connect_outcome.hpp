// SPDX-License-Identifier: MIT
// What became of a non-blocking connect(2): the kernel tells RST and ICMP apart only in the socket's error queue.
#pragma once

#include <optional>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/scan/answer.hpp"

namespace tcp::scan {

// A non-blocking stream socket that keeps ICMP errors and resets on close.
[[nodiscard]] Result<UniqueFd> open_probe_socket(Family family, std::optional<std::uint32_t> interface_index);

struct ConnectOutcome {
  enum class State : unsigned char {
    pending,         // nothing yet
    answered,        // `answer` holds what came; target and attempt are the caller's to fill in
    connected_self,  // the socket met itself (RFC 9293's simultaneous open): it says nothing about the port
    silent,          // the kernel gave up
  };
  State state = State::pending;
  Answer answer;
};

// `error_number`: what connect(2) said, 0 to ask the socket.
[[nodiscard]] ConnectOutcome read_outcome(int fd, Family family, int error_number);

}  // namespace tcp::scan
