// SPDX-License-Identifier: MIT
// What `tcpbox ports` answers: a port as the registry and this host see it, and its record.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cmd/output/record.hpp"
#include "cmd/ports_query.hpp"
#include "libtcp/net/host.hpp"
#include "libtcp/ports/describe.hpp"
#include "libtcp/ports/ranges.hpp"
#include "libtcp/sockets/holders.hpp"
#include "libtcp/sockets/sock_diag.hpp"

namespace tcp::cmd {

// This host's side of the answers, read once and only for what is shown.
class PortHost {
 public:
  PortHost() = default;
  explicit PortHost(net::HostPorts host) : host_(std::move(host)) {}

  // All listeners of a protocol; without them, who listens there is unknown rather than nobody.
  void add_listeners(ports::Protocol protocol, const std::vector<sockets::SocketInfo>& listeners);
  [[nodiscard]] bool knows_listeners(std::optional<ports::Protocol> protocol) const;

  // Where a stretch of ports must end because this host treats the next one differently.
  [[nodiscard]] std::set<std::uint16_t> cuts() const;
  [[nodiscard]] std::vector<const sockets::SocketInfo*> listeners_on(ports::PortRange range,
                                                                     std::optional<ports::Protocol> protocol) const;
  [[nodiscard]] const net::HostPorts& host() const noexcept { return host_; }

  // Looks up the processes that listen on these ports, and only those.
  void find_owners(const std::vector<ports::PortDescription>& shown);
  [[nodiscard]] const sockets::Process* owner_of(const sockets::SocketInfo& socket) const;
  // Shown listeners whose process could not be seen.
  [[nodiscard]] std::size_t hidden_owners() const noexcept { return hidden_owners_; }

 private:
  net::HostPorts host_;
  std::vector<ports::Protocol> listed_;
  std::vector<sockets::SocketInfo> listeners_;
  sockets::HolderIndex owners_;
  std::size_t hidden_owners_ = 0;
};

// type "port", or "port_range" for a stretch with one answer.
[[nodiscard]] Record to_record(const ports::PortDescription& description, const PortHost& host,
                               const ports::LocalServices& local);
// type "service": a name that is registered without a port.
[[nodiscard]] Record to_service_record(const ports::Assignment& assignment);
// type "unknown"
[[nodiscard]] Record to_unknown_record(const UnknownName& unknown);

}  // namespace tcp::cmd
