// SPDX-License-Identifier: MIT
// Every (address, port) of a scan has an index: target × number of ports + port.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/scan/target_set.hpp"

namespace tcp::scan {

// What a packed (pair, try) and the order of the pairs have room for.
inline constexpr std::uint64_t kMostPairs = std::uint64_t{1} << 48;

class ProbeSpace {
 public:
  ProbeSpace() = default;  // of nothing
  // `ports` in any order, each once. Errors: no target, no port, more than kMostPairs pairs.
  [[nodiscard]] static Result<ProbeSpace> make(TargetSet targets, std::vector<std::uint16_t> ports);

  [[nodiscard]] std::uint64_t size() const noexcept { return targets_.size() * ports_.size(); }
  [[nodiscard]] std::uint64_t port_count() const noexcept { return ports_.size(); }
  [[nodiscard]] const TargetSet& targets() const noexcept { return targets_; }

  // `index` below size().
  [[nodiscard]] Endpoint operator[](std::uint64_t index) const noexcept;
  [[nodiscard]] std::uint64_t target_of(std::uint64_t index) const noexcept { return index / ports_.size(); }
  [[nodiscard]] std::optional<std::uint64_t> index_of(const Endpoint& endpoint) const noexcept;

 private:
  TargetSet targets_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::int32_t> port_index_;  // by port number, -1 for those that are not scanned
};

}  // namespace tcp::scan
