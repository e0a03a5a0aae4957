// SPDX-License-Identifier: MIT
#include "libtcp/scan/probe_space.hpp"

#include <string>

namespace tcp::scan {

Result<ProbeSpace> ProbeSpace::make(TargetSet targets, std::vector<std::uint16_t> ports) {
  if (targets.empty()) return usage_error("targets", "there is none");
  if (ports.empty()) return usage_error("ports", "there is none");
  if (targets.size() > kMostPairs / ports.size()) {
    return usage_error(std::to_string(targets.size()) + " targets with " + std::to_string(ports.size()) + " ports each",
                       "at most 2^48 pairs are scanned in one run");
  }
  ProbeSpace space;
  space.port_index_.assign(65536, -1);
  for (std::size_t i = 0; i < ports.size(); ++i) space.port_index_[ports[i]] = static_cast<std::int32_t>(i);
  space.targets_ = std::move(targets);
  space.ports_ = std::move(ports);
  return space;
}

Endpoint ProbeSpace::operator[](std::uint64_t index) const noexcept {
  return {targets_[index / ports_.size()], ports_[index % ports_.size()]};
}

std::optional<std::uint64_t> ProbeSpace::index_of(const Endpoint& endpoint) const noexcept {
  const auto target = targets_.index_of(endpoint.address);
  const std::int32_t port = port_index_[endpoint.port];
  if (!target || port < 0) return std::nullopt;
  return *target * ports_.size() + static_cast<std::uint64_t>(port);
}

}  // namespace tcp::scan
