// SPDX-License-Identifier: MIT
#include "cmd/ports_entry.hpp"

#include <algorithm>

namespace tcp::cmd {
namespace {

template <class T>
Value protocol_or_null(const T& protocol) {
  return protocol ? Value(to_string(*protocol)) : Value(nullptr);
}

// IANA's key-value list for DNS-SD tells nothing about the port.
std::string_view note_of(const ports::Assignment& assignment) {
  return assignment.note.starts_with("Defined TXT") ? std::string_view() : assignment.note;
}

Record to_record(const ports::Assignment& assignment) {
  Record record;
  record.add("name", text_or_null(assignment.name));
  record.add("protocol", protocol_or_null(assignment.protocol));
  if (assignment.ports) record.add("first", assignment.ports->first).add("last", assignment.ports->last);
  record.add("description", text_or_null(assignment.description));
  record.add("alias", assignment.is_alias());
  record.add("note", text_or_null(note_of(assignment)));
  record.add("unauthorized_use", text_or_null(assignment.unauthorized_use));
  record.add("reference", text_or_null(assignment.reference));
  return record;
}

Value to_value(const ports::CommonPort* common) {
  if (common == nullptr) return nullptr;
  Record record;
  record.add("name", common->name);
  record.add("use", common->use);
  record.add("differs_from_registration", common->differs);
  record.add("confidentiality", to_string(common->on_wire));
  record.add("replacement", text_or_null(common->replacement));
  return record;
}

Record to_record(const ports::LocalService& service) {
  List aliases;
  for (const std::string& alias : service.aliases) aliases.emplace_back(alias);
  return Record().add("name", service.name).add("aliases", std::move(aliases));
}

Record to_record(const ports::RangeInfo& range) {
  Record record;
  record.add("class", range.name).add("also_known_as", range.alias);
  record.add("first", range.ports.first).add("last", range.ports.last);
  return record;
}

List registered_names(const ports::PortDescription& description) {
  List names;
  for (const ports::Assignment& assignment : description.registrations) {
    if (!assignment.name.empty()) names.emplace_back(assignment.name);
  }
  return names;
}

Record to_record(const sockets::SocketInfo& socket, const sockets::Process* owner) {
  Record record;
  record.add("protocol", to_string(socket.protocol));
  record.add("address", to_string(socket.local.address));
  record.add("port", socket.local.port);
  record.add("process", owner == nullptr ? Value(nullptr) : Value(owner->name));
  record.add("pid", owner == nullptr ? Value(nullptr) : Value(owner->pid));
  record.add("user_id", socket.user_id);
  return record;
}

// What the other protocols have on a port, so that 514/tcp points to syslog.
List other_protocols(const ports::PortDescription& description, const ports::LocalServices& local) {
  List others;
  if (!description.protocol || description.ports.count() > 1) return others;
  for (const ports::Protocol protocol : ports::kProtocols) {
    if (protocol == *description.protocol) continue;
    const auto other = ports::describe(description.ports.first, protocol, local);
    if (other.name().empty()) continue;
    Record record;
    record.add("protocol", to_string(protocol)).add("name", other.name());
    record.add("use", other.common == nullptr ? Value(nullptr) : Value(other.common->use));
    others.emplace_back(std::move(record));
  }
  return others;
}

bool is_reserved(const net::HostPorts& host, std::uint16_t port) {
  return std::ranges::any_of(host.reserved, [&](const net::PortInterval& interval) { return interval.contains(port); });
}

// The stretch does not straddle a cut, so its first port speaks for all.
Record here_record(const ports::PortDescription& description, const PortHost& host) {
  const std::uint16_t port = description.ports.first;
  const net::HostPorts& here = host.host();
  Record record;
  record.add("privileged", port != 0 && port < here.first_unprivileged_port);  // 0: the kernel chooses
  record.add("first_unprivileged_port", here.first_unprivileged_port);
  record.add("ephemeral", here.ephemeral.contains(port));
  record.add("ephemeral_range", Record().add("first", here.ephemeral.first).add("last", here.ephemeral.last));
  record.add("reserved", is_reserved(here, port));
  if (!host.knows_listeners(description.protocol)) return record.add("listeners", nullptr);
  List listeners;
  for (const auto* socket : host.listeners_on(description.ports, description.protocol)) {
    listeners.emplace_back(to_record(*socket, host.owner_of(*socket)));
  }
  return record.add("listeners", std::move(listeners));
}

}  // namespace

void PortHost::add_listeners(ports::Protocol protocol, const std::vector<sockets::SocketInfo>& listeners) {
  listed_.push_back(protocol);
  listeners_.insert(listeners_.end(), listeners.begin(), listeners.end());
}

bool PortHost::knows_listeners(std::optional<ports::Protocol> protocol) const {
  return protocol ? std::ranges::find(listed_, *protocol) != listed_.end() : !listed_.empty();
}

std::set<std::uint16_t> PortHost::cuts() const {
  std::set<std::uint16_t> cuts{1, host_.first_unprivileged_port};  // port 0 is a thing of its own
  const auto around = [&](std::uint16_t first, std::uint16_t last) {
    cuts.insert(first);
    if (last < 65535) cuts.insert(static_cast<std::uint16_t>(last + 1));
  };
  for (const ports::RangeInfo& range : ports::kRangeInfos) cuts.insert(range.ports.first);
  around(host_.ephemeral.first, host_.ephemeral.last);
  for (const net::PortInterval& interval : host_.reserved) around(interval.first, interval.last);
  for (const sockets::SocketInfo& socket : listeners_) around(socket.local.port, socket.local.port);
  return cuts;
}

std::vector<const sockets::SocketInfo*> PortHost::listeners_on(ports::PortRange range,
                                                               std::optional<ports::Protocol> protocol) const {
  std::vector<const sockets::SocketInfo*> found;
  for (const sockets::SocketInfo& socket : listeners_) {
    const bool wanted = !protocol || socket.protocol == *protocol;
    if (wanted && range.contains(socket.local.port)) found.push_back(&socket);
  }
  return found;
}

void PortHost::find_owners(const std::vector<ports::PortDescription>& shown) {
  std::vector<std::uint32_t> inodes;
  for (const ports::PortDescription& description : shown) {
    for (const auto* socket : listeners_on(description.ports, description.protocol)) inodes.push_back(socket->inode);
  }
  if (inodes.empty()) return;
  owners_ = sockets::index_holders(inodes, {});
  if (owners_.counts().forbidden == 0) return;
  hidden_owners_ = static_cast<std::size_t>(
      std::ranges::count_if(inodes, [&](std::uint32_t inode) { return owners_.holders_of(inode).empty(); }));
}

const sockets::Process* PortHost::owner_of(const sockets::SocketInfo& socket) const {
  const auto holders = owners_.holders_of(socket.inode);
  return holders.empty() ? nullptr : holders.front().process;
}

Record to_record(const ports::PortDescription& description, const PortHost& host, const ports::LocalServices& local) {
  const bool single = description.ports.count() == 1;
  Record record(single ? "port" : "port_range");
  if (single) record.add("port", description.ports.first);
  if (!single) record.add("first", description.ports.first).add("last", description.ports.last);
  record.add("protocol", protocol_or_null(description.protocol));
  record.add("name", text_or_null(description.name()));
  record.add("status", to_string(description.status()));
  record.add("registered_names", registered_names(description));
  record.add("range", to_record(ports::range_of(description.ports.first)));
  record.add("common", to_value(description.common));
  List registrations;
  for (const ports::Assignment& assignment : description.registrations)
    registrations.emplace_back(to_record(assignment));
  record.add("registrations", std::move(registrations));
  List services;
  for (const ports::LocalService* service : description.local) services.emplace_back(to_record(*service));
  record.add("local", std::move(services));
  record.add("other_protocols", other_protocols(description, local));
  return record.add("here", here_record(description, host));
}

Record to_service_record(const ports::Assignment& assignment) {
  Record record("service");
  record.add("name", assignment.name);
  record.add("protocol", protocol_or_null(assignment.protocol));
  record.add("description", text_or_null(assignment.description));
  record.add("note", text_or_null(note_of(assignment)));
  return record.add("reference", text_or_null(assignment.reference));
}

Record to_unknown_record(const UnknownName& unknown) {
  List near;
  for (const std::string_view name : unknown.near) near.emplace_back(name);
  return Record("unknown").add("name", unknown.name).add("did_you_mean", std::move(near));
}

}  // namespace tcp::cmd
