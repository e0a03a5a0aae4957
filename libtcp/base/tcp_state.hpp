// SPDX-License-Identifier: MIT
// The states of a TCP connection (RFC 9293 §3.3.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tcp {

// The values are the Linux kernel's (include/net/tcp_states.h), as sock_diag reports them.
enum class TcpState : std::uint8_t {
  established = 1,
  syn_sent = 2,
  syn_received = 3,
  fin_wait_1 = 4,
  fin_wait_2 = 5,
  time_wait = 6,
  closed = 7,
  close_wait = 8,
  last_ack = 9,
  listen = 10,
  closing = 11,
  new_syn_received = 12,  // a request socket, before it is accepted; RFC 9293 knows it as SYN-RECEIVED
  bound_inactive = 13,
};

// RFC 9293's spelling: "SYN-RECEIVED", "FIN-WAIT-1".
[[nodiscard]] std::string_view to_string(TcpState state);
// RFC 9293's names and ss's, any case: "established", "estab", "SYN-RECV", "fin_wait_1".
[[nodiscard]] std::optional<TcpState> parse_tcp_state(std::string_view text);

}  // namespace tcp
