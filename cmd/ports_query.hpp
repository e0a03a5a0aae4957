// SPDX-License-Identifier: MIT
// What was asked of `tcpbox ports`, and the ports that are meant by it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/ports/describe.hpp"
#include "libtcp/ports/ranges.hpp"

namespace tcp::cmd {

struct PortsQuery {
  std::vector<ports::PortWord> words;
  std::optional<std::string> search;
  const ports::RangeInfo* range = nullptr;  // only ports in it
  bool common = false;                      // only ports of the common table
  std::vector<ports::Protocol> protocols;
};

// A name that nobody knows, and known ones that are near it.
struct UnknownName {
  std::string name;
  std::vector<std::string_view> near;
};

struct PortsSelection {
  // Ports to be described for these protocols.
  struct Pick {
    ports::PortSet set;
    std::vector<ports::Protocol> protocols;
  };
  std::vector<Pick> picks;
  std::vector<ports::Assignment> services;  // names that are registered without a port
  std::vector<UnknownName> unknown;
  std::vector<std::string> notes;  // what else should be said, for people
};

[[nodiscard]] PortsSelection select_ports(const PortsQuery& query, const ports::LocalServices& local);

// The answers, each once; in the order of the search, otherwise by port.
[[nodiscard]] std::vector<ports::PortDescription> describe(const PortsSelection& selection, const PortsQuery& query,
                                                           const ports::LocalServices& local,
                                                           const std::set<std::uint16_t>& cuts);

}  // namespace tcp::cmd
