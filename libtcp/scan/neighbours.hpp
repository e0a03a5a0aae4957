// SPDX-License-Identifier: MIT
// The link-layer addresses of next hops, as the kernel's table has them. Whoever is not in it yet is reached through
// the kernel, which resolves by itself; nobody ever waits here for an address.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/mac_address.hpp"
#include "libtcp/scan/neighbour_key.hpp"

namespace tcp::scan {

struct NextHop {
  std::optional<MacAddress> mac_address;  // absent: packets go through the kernel
  bool to_confirm = false;                // the next packet goes through the kernel, so that it looks after the address
  bool failed = false;                    // the kernel asked on our behalf, and nobody answered
  unsigned packets = 0;                   // through the kernel since `asked`
  MonotonicTime asked{};                  // when the first of them left
};

class Neighbours {
 public:
  // Valid until clear().
  [[nodiscard]] NextHop& find(std::uint32_t interface_index, const IpAddress& address);
  [[nodiscard]] std::size_t size() const noexcept { return hops_.size(); }
  void clear() { hops_.clear(); }

  // The kernel queues a few hundred packets for an address it is still asking for and then loses the oldest. True while
  // one more should wait. `shared`: a gateway, which all wait for; a target that is on the link itself holds nobody up
  // for longer than an answer over a link takes.
  [[nodiscard]] static bool must_wait(const NextHop& hop, MonotonicTime now, bool shared) noexcept;
  // A packet went through the kernel.
  void passed_kernel(NextHop& hop, MonotonicTime now) noexcept;

  // Reads the kernel's table when it is time to: soon while somebody waits for an address, else once a second.
  [[nodiscard]] Result<void> refresh(MonotonicTime now);

 private:
  void forget_states(MonotonicTime now);

  std::unordered_map<NeighbourKey, NextHop, NeighbourKey::Hash> hops_;
  MonotonicTime next_refresh_{};
  Duration pause_{};
  bool asking_ = false;  // since the last refresh
};

}  // namespace tcp::scan
