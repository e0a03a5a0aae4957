// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_owner.hpp"

#include <algorithm>
#include <array>
#include <thread>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/interface.hpp"
#include "libtcp/sockets/holders.hpp"
#include "libtcp/sockets/sock_diag.hpp"

namespace tcp::cmd {
namespace {

constexpr unsigned kMostLooks = 20;  // a second: each walks through /proc, and packets go on arriving
// The packet that completes a handshake is seen before its server has accepted it; until then nobody owns the socket.
constexpr int kAttempts = 4;
constexpr Duration kUntilAccepted = std::chrono::milliseconds(2);
constexpr Duration kWindow = std::chrono::seconds(1);

}  // namespace

LocalOwners::LocalOwners() {
  const auto interfaces = net::list_interfaces();
  if (!interfaces) return;
  for (const net::Interface& interface : *interfaces) {
    for (const net::InterfaceAddress& own : interface.addresses) local_.push_back(own.address.without_scope());
  }
}

Result<void> LocalOwners::keep_what_it_needs() { return net::drop_capabilities_but_looking(); }

bool LocalOwners::is_local(const IpAddress& address) const {
  return address.is_loopback() || std::ranges::find(local_, address) != local_.end();
}

std::optional<sockets::Process> LocalOwners::owner_of(const Endpoint& local, const Endpoint& remote) {
  if (!is_local(local.address)) return std::nullopt;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt != 0) std::this_thread::sleep_for(kUntilAccepted);
    const auto socket = sockets::find_tcp_socket({local, remote});
    if (!socket || !*socket) return std::nullopt;
    if ((*socket)->inode == 0) continue;
    const std::array inodes{(*socket)->inode};
    const sockets::HolderIndex index = sockets::index_holders(inodes, {});
    const auto holders = index.holders_of((*socket)->inode);
    return holders.empty() ? std::nullopt : std::optional(*holders.front().process);
  }
  return std::nullopt;
}

std::optional<sockets::Process> LocalOwners::find(const trace::ObservedHandshake& handshake) {
  if (handshake.way) return std::nullopt;
  if (!is_local(handshake.client.address) && !is_local(handshake.server.address)) return std::nullopt;
  const MonotonicTime now = clock_.now();
  if (now - window_begin_ >= kWindow) {
    window_begin_ = now;
    looked_ = 0;
  }
  if (looked_ >= kMostLooks) return std::nullopt;
  ++looked_;
  if (auto owner = owner_of(handshake.client, handshake.server)) return owner;
  return owner_of(handshake.server, handshake.client);
}

}  // namespace tcp::cmd
