// SPDX-License-Identifier: MIT
// All that the registry, the common table and this host's services file say about ports, many at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "libtcp/ports/common.hpp"
#include "libtcp/ports/registry.hpp"
#include "libtcp/ports/services_file.hpp"

namespace tcp::ports {

// One port, or a stretch of ports with the same answer. Borrows from the static tables and from LocalServices.
struct PortDescription {
  PortRange ports;
  std::optional<Protocol> protocol;  // absent: a stretch without an answer for any of several protocols
  std::vector<Assignment> registrations;
  const CommonPort* common = nullptr;
  std::vector<const LocalService*> local;

  // Reserved or unassigned only when nothing else is on record.
  [[nodiscard]] AssignmentStatus status() const noexcept;
  // In one word: the usual name, the registered one, or this host's; empty when there is none.
  [[nodiscard]] std::string_view name() const noexcept;
  // Anything that "unassigned" does not say already.
  [[nodiscard]] bool has_something_to_say() const noexcept;
};

// The services of this host, looked up by port or name.
class LocalServices {
 public:
  LocalServices() = default;
  explicit LocalServices(std::vector<LocalService> services);

  [[nodiscard]] std::vector<const LocalService*> find(std::uint16_t port, Protocol protocol) const;
  [[nodiscard]] PortSet ports_called(std::string_view name, Protocol protocol) const;

 private:
  std::vector<LocalService> services_;
  std::vector<std::size_t> order_;  // of the services, by port and protocol
};

[[nodiscard]] PortDescription describe(std::uint16_t port, Protocol protocol, const LocalServices& local);

// Every port of the set is in exactly one stretch of each protocol that has something to say about it, or, when none
// has, in an unassigned one. `cuts` are ports at which a stretch must not continue: something else begins there.
// Ordered by port, then protocol.
[[nodiscard]] std::vector<PortDescription> describe(const PortSet& set, std::span<const Protocol> protocols,
                                                    const LocalServices& local, const std::set<std::uint16_t>& cuts);

}  // namespace tcp::ports
