// SPDX-License-Identifier: MIT
#include "libtcp/scan/link_watch.hpp"

#include <algorithm>

#include "libtcp/net/interface.hpp"

namespace tcp::scan {
namespace {

constexpr Duration kPause = std::chrono::milliseconds(100);

}  // namespace

void LinkWatch::add(std::uint32_t interface_index, const std::string& name) {
  if (!links_.empty() && links_.back().index == interface_index) return;
  const auto known = std::ranges::find(links_, interface_index, &Link::index);
  if (known != links_.end()) return std::swap(*known, links_.back());
  links_.push_back({interface_index, name, net::is_running(interface_index).value_or(false)});
}

Result<void> LinkWatch::check(MonotonicTime now, bool at_once) {
  if (now < next_check_ && !at_once) return {};
  next_check_ = now + kPause;
  for (const Link& link : links_) {
    if (!link.running) continue;
    TCP_TRY_ASSIGN(running, net::is_running(link.index));
    if (!running) return system_error("send through " + link.name, ENETDOWN);
  }
  return {};
}

}  // namespace tcp::scan
