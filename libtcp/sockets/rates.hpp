// SPDX-License-Identifier: MIT
// How fast connections move: what has changed between two looks at the same socket.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "libtcp/base/clock.hpp"
#include "libtcp/sockets/socket_row.hpp"

namespace tcp::sockets {

// Sockets are told apart by their cookies, which are never used twice. About 64 bytes a socket.
class RateKeeper {
 public:
  // A new look at all sockets begins. Those that the last look did not meet are forgotten.
  void begin_look(MonotonicTime now);
  // The last look once more, later: compared with the one before it.
  void repeat_look(MonotonicTime now);
  // Of a socket with tcp_info that the look before met as well; nothing otherwise. At most once a socket and look.
  std::optional<SocketRates> meet(const SocketInfo& socket);

 private:
  struct Totals {
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t retransmitted_segments = 0;
  };
  std::unordered_map<std::uint64_t, Totals> before_;
  std::unordered_map<std::uint64_t, Totals> now_met_;
  MonotonicTime before_time_{};
  MonotonicTime time_{};
  double seconds_ = 0;  // between the two looks
};

}  // namespace tcp::sockets
