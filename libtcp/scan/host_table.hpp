// SPDX-License-Identifier: MIT
// What is known of each target: RTT, what it answered, since when it is probed. A place for each of up to 65,536
// targets; with more of them a newer one takes the place of an older one.
#pragma once

#include <cstdint>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/scan/loss_meter.hpp"
#include "libtcp/scan/rtt_estimator.hpp"

namespace tcp::scan {

struct Host {
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  std::uint64_t target = kNone;  // its index in the target set
  RttEstimator rtt;
  LossMeter loss;  // its own, of the ports that TCP answered for
  MonotonicTime first_sent = MonotonicTime::max();
  std::uint32_t open = 0;       // ports that answered so
  std::uint32_t closed = 0;     // by RST
  std::uint32_t icmp = 0;       // ports that an ICMP error answered for
  std::uint32_t icmp_late = 0;  // of these, only a later try
  std::uint32_t silent = 0;
  MonotonicTime first_icmp{};
  MonotonicTime last_icmp{};
  bool given_up = false;
};

class HostTable {
 public:
  explicit HostTable(std::uint64_t targets);

  // Null when it has no place (any more).
  [[nodiscard]] Host* find(std::uint64_t target) noexcept;
  [[nodiscard]] const Host* find(std::uint64_t target) const noexcept;
  // Gives it a place.
  [[nodiscard]] Host& claim(std::uint64_t target) noexcept;
  // Each target has a place of its own.
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  [[nodiscard]] const std::vector<Host>& hosts() const noexcept { return hosts_; }

 private:
  [[nodiscard]] std::size_t place(std::uint64_t target) const noexcept {
    return static_cast<std::size_t>(target & (hosts_.size() - 1));
  }
  std::vector<std::uint64_t> targets_;  // by place: most questions are about those that have none
  std::vector<Host> hosts_;             // a power of two
  bool complete_;
};

}  // namespace tcp::scan
