// SPDX-License-Identifier: MIT
// --summary: how many sockets are in which state, and what the kernel counts of trouble.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "cmd/output/record.hpp"
#include "cmd/output/terminal.hpp"
#include "libtcp/sockets/socket_row.hpp"

namespace tcp::cmd {

class StateCounts {
 public:
  void add(TcpState state) { ++counts_[static_cast<std::size_t>(state) % counts_.size()]; }

  // {"type":"counts","sockets":…,"states":[{"state":"ESTABLISHED","sockets":…},…],"counters":[…]}: every state, also
  // those at zero. `values` as many as sockets::counters().
  [[nodiscard]] Record to_record(std::span<const std::optional<std::uint64_t>> values) const;
  [[nodiscard]] static std::string to_text(const Record& counts, const Terminal& terminal);

 private:
  std::array<std::uint64_t, 16> counts_{};
};

}  // namespace tcp::cmd
