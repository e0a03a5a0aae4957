// SPDX-License-Identifier: MIT
#include "libtcp/scan/host_table.hpp"

#include <algorithm>
#include <bit>

namespace tcp::scan {
namespace {

constexpr std::uint64_t kMostHosts = 65'536;

}  // namespace

HostTable::HostTable(std::uint64_t targets)
    : targets_(std::bit_ceil(std::clamp<std::uint64_t>(targets, 1, kMostHosts)), Host::kNone),
      hosts_(targets_.size()),
      complete_(targets <= kMostHosts) {}

Host* HostTable::find(std::uint64_t target) noexcept {
  return targets_[place(target)] == target ? &hosts_[place(target)] : nullptr;
}

const Host* HostTable::find(std::uint64_t target) const noexcept {
  return targets_[place(target)] == target ? &hosts_[place(target)] : nullptr;
}

Host& HostTable::claim(std::uint64_t target) noexcept {
  Host& host = hosts_[place(target)];
  if (host.target != target) {
    host = {};
    host.target = target;
    targets_[place(target)] = target;
  }
  return host;
}

}  // namespace tcp::scan
