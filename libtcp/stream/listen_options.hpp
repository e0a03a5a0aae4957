// SPDX-License-Identifier: MIT
// What to listen on and what to do with those who come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/net/identity.hpp"
#include "libtcp/stream/address.hpp"
#include "libtcp/stream/door_options.hpp"
#include "libtcp/stream/exec_options.hpp"
#include "libtcp/stream/fault_options.hpp"
#include "libtcp/stream/forward_options.hpp"
#include "libtcp/stream/hub_options.hpp"
#include "libtcp/stream/local_descriptors.hpp"
#include "libtcp/stream/proxy_protocol_options.hpp"
#include "libtcp/stream/proxy_server_options.hpp"
#include "libtcp/stream/relay_options.hpp"
#include "libtcp/stream/serve_options.hpp"
#include "libtcp/stream/socket_options.hpp"
#include "libtcp/stream/tls_options.hpp"
#include "libtcp/stream/transfer_options.hpp"

namespace tcp::stream {

struct ListenAddress {
  std::string host;                        // a name or an address; empty: any address of both families
  std::uint16_t port = 0;                  // 0: the kernel's choice
  std::optional<UnixName> unix_name = {};  // instead of both
};

struct ListenOptions {
  std::vector<ListenAddress> addresses;
  std::vector<int> inherited;  // sockets that listen already; they belong to the run, which puts their flags back
  bool reuse_port = false;     // others may listen on the same port, and the kernel deals clients out (SO_REUSEPORT)
  std::optional<Family> family;
  bool numeric_only = false;
  bool keep_open = false;     // serve one client after another
  Duration accept_timeout{};  // how long to wait for each client; zero: for ever
  SocketOptions socket;
  std::optional<TlsServerOptions> tls;
  DoorOptions door;
  std::optional<ProxyProtocolOptions> proxy_protocol;  // each connection begins with a header that says whose it is
  std::optional<HubOptions> hub;                       // what clients are joined with, instead of the local end
  RelayOptions relay;
  std::optional<ForwardOptions> forward;           // instead of the local end
  std::optional<ProxyServerOptions> proxy_server;  // likewise: each client says where it wants to go
  LocalDescriptors local;
  std::optional<ExecOptions> exec;        // instead of the local end
  std::optional<net::Identity> identity;  // whom the process becomes once it listens
  std::optional<ServeOptions> serve;      // instead of the local end
  std::optional<ReceiveOptions> receive;  // likewise
  FaultOptions faults;
  std::vector<int> reload_signals;  // read the files of the access list again
  std::vector<int> stop_signals;    // handled while it runs; those that the process ignores stay ignored

  [[nodiscard]] bool has_access_files() const {
    return door.access.has_files() || (proxy_server && proxy_server->targets.has_files()) ||
           (proxy_protocol && proxy_protocol->rules().has_files());
  }
};

}  // namespace tcp::stream
