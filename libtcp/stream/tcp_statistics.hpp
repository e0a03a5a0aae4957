// SPDX-License-Identifier: MIT
// What the kernel knows about a connection (TCP_INFO).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/tcp_state.hpp"

namespace tcp::stream {

struct TcpStatistics {
  TcpState state = TcpState::closed;
  Duration rtt{};           // smoothed (RFC 6298)
  Duration rtt_variance{};  // likewise
  Duration min_rtt{};
  std::uint32_t retransmits = 0;                // segments, over the whole connection
  std::uint64_t acknowledged_bytes = 0;         // of what we sent
  std::uint64_t delivery_rate_bytes_per_s = 0;  // most recent
  std::uint32_t send_mss_bytes = 0;
  std::string congestion_control;
};

// Nothing when the descriptor is no TCP socket.
[[nodiscard]] std::optional<TcpState> read_tcp_state(int fd);
// Nothing when the descriptor is no TCP socket.
[[nodiscard]] std::optional<TcpStatistics> read_tcp_statistics(int fd);

}  // namespace tcp::stream
