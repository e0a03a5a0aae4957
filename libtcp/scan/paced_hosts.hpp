// SPDX-License-Identifier: MIT
// Hosts that answer only so often a second: what is to be tried again there waits for its turn, and holds up nobody
// else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

class PacedHosts {
 public:
  static constexpr std::size_t kMost = 256;

  // From now on a try every `gap`. False when there are too many such hosts.
  bool add(std::uint64_t target, Duration gap, MonotonicTime now);
  [[nodiscard]] bool empty() const noexcept { return hosts_.empty(); }
  [[nodiscard]] bool contains(std::uint64_t target) const noexcept { return find(target) != nullptr; }
  // `position` is one of that host's, which must be one of these.
  void wait(std::uint64_t target, std::uint64_t position);
  // A position whose turn it is; each is handed out once.
  [[nodiscard]] std::optional<std::uint64_t> take(MonotonicTime now);
  // When it is somebody's turn; the largest time when nobody waits.
  [[nodiscard]] MonotonicTime next() const noexcept;

 private:
  struct Host {
    std::uint64_t target = 0;
    Duration gap{};
    MonotonicTime next;
    std::deque<std::uint64_t> waiting;
  };
  [[nodiscard]] const Host* find(std::uint64_t target) const noexcept;

  std::vector<Host> hosts_;
};

}  // namespace tcp::scan
