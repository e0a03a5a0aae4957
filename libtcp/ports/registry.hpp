// SPDX-License-Identifier: MIT
// IANA's Service Name and Transport Protocol Port Number Registry, whole, as constant data in the binary.
//
// What is registered is not what is used: see common.hpp for that. Texts are views of static data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "libtcp/ports/port_set.hpp"
#include "libtcp/ports/protocol.hpp"

namespace tcp::ports {

enum class AssignmentStatus : std::uint8_t { assigned, reserved, unassigned };
[[nodiscard]] std::string_view to_string(AssignmentStatus status) noexcept;

// One record of the registry.
struct Assignment {
  std::string_view name;             // empty for reserved and unassigned ports, and for a few in private use
  std::optional<PortRange> ports;    // absent: the name is registered without a port
  std::optional<Protocol> protocol;  // absent: tcp and udp where there is a port, none where there is not
  std::string_view description;
  std::string_view note;              // IANA's assignment note: an alias, why it was removed, TXT keys
  std::string_view unauthorized_use;  // IANA's report of others who use it
  std::string_view reference;         // "[RFC9110]"

  [[nodiscard]] AssignmentStatus status() const noexcept;
  // IANA keeps old spellings of a name (sql*net for sql-net) as historic aliases.
  [[nodiscard]] bool is_alias() const noexcept;
  [[nodiscard]] bool applies_to(Protocol other) const noexcept;
};

// Every record, by port; those without a port come last.
[[nodiscard]] std::size_t record_count() noexcept;
[[nodiscard]] Assignment record_at(std::size_t index) noexcept;
// Of the newest record, "YYYY-MM-DD".
[[nodiscard]] std::string_view registry_date() noexcept;

// All that is on record for a port, by protocol and in IANA's order. Nothing at all for a dynamic port.
[[nodiscard]] std::vector<Assignment> find_by_port(std::uint16_t port);
[[nodiscard]] std::vector<Assignment> find_by_port(std::uint16_t port, Protocol protocol);

// The first name that is no historic alias, or an alias when there is nothing else; empty when all are nameless.
[[nodiscard]] std::string_view main_name(std::span<const Assignment> assignments) noexcept;

// All records of a service name, any case. Not the usual names that common.hpp knows.
[[nodiscard]] std::vector<Assignment> find_by_name(std::string_view name);

// What to call a port in one word: the usual name where there is one ("submissions", not "urd"), otherwise the
// registered one; empty when there is neither.
[[nodiscard]] std::string_view service_name(std::uint16_t port, Protocol protocol);

// The ports of a service by its registered, historic or usual name, any case; empty when it has none.
[[nodiscard]] PortSet ports_called(std::string_view name, Protocol protocol);

// The same for `scan -p imap` and the like, where no port is an error.
// Errors: an unknown name, with what may have been meant; a name that has no port for this protocol.
[[nodiscard]] Result<PortSet> find_service_ports(std::string_view name, Protocol protocol);

}  // namespace tcp::ports
