// SPDX-License-Identifier: MIT
#include "libtcp/sockets/rates.hpp"

#include <chrono>
#include <utility>

namespace tcp::sockets {
namespace {

// Counters only grow; the kernel's 32-bit ones wrap around.
double per_second(std::uint64_t before, std::uint64_t now, double seconds) {
  return now < before ? 0 : static_cast<double>(now - before) / seconds;
}

}  // namespace

void RateKeeper::begin_look(MonotonicTime now) {
  before_time_ = time_;
  before_ = std::exchange(now_met_, {});
  repeat_look(now);
}

void RateKeeper::repeat_look(MonotonicTime now) {
  time_ = now;
  seconds_ = std::chrono::duration<double>(time_ - before_time_).count();
}

std::optional<SocketRates> RateKeeper::meet(const SocketInfo& socket) {
  const auto sent = socket.tcp_info.get("bytes_sent");
  const auto received = socket.tcp_info.get("bytes_received");
  if (!sent || !received) return std::nullopt;
  const Totals totals{*sent, *received, socket.tcp_info.get("total_retrans").value_or(0)};
  now_met_[socket.cookie] = totals;
  const auto earlier = before_.find(socket.cookie);
  if (earlier == before_.end() || seconds_ <= 0) return std::nullopt;
  const Totals& then = earlier->second;
  return SocketRates{per_second(then.sent_bytes, totals.sent_bytes, seconds_),
                     per_second(then.received_bytes, totals.received_bytes, seconds_),
                     per_second(then.retransmitted_segments, totals.retransmitted_segments, seconds_)};
}

}  // namespace tcp::sockets
