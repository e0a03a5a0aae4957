// SPDX-License-Identifier: MIT
#include "libtcp/stream/door.hpp"

namespace tcp::stream {

Result<Door> Door::open(const DoorOptions& options) {
  TCP_TRY_ASSIGN(access, AccessList::load(options.access));
  return Door(options, std::move(access));
}

// A Unix-domain socket has its own permissions, and no host.
std::optional<RejectReason> Door::enter(const Address& remote, const std::optional<Address>& via) {
  const auto* endpoint = std::get_if<Endpoint>(&remote);
  const auto* known = endpoint == nullptr && via ? std::get_if<Endpoint>(&*via) : endpoint;
  if (known != nullptr && !access_.permits(known->address)) return RejectReason::denied;
  if (is_full()) return RejectReason::full;
  if (endpoint != nullptr && counts_hosts()) {
    std::size_t& count = hosts_[endpoint->address];
    if (count >= options_.max_per_host) return RejectReason::too_many_from_host;
    ++count;
  }
  ++inside_;
  return std::nullopt;
}

void Door::leave(const Address& remote) {
  --inside_;
  const auto* endpoint = std::get_if<Endpoint>(&remote);
  if (endpoint == nullptr || !counts_hosts()) return;
  const auto host = hosts_.find(endpoint->address);
  if (host != hosts_.end() && --host->second == 0) hosts_.erase(host);
}

Result<void> Door::reload() {
  TCP_TRY_ASSIGN(access, AccessList::load(options_.access));
  access_ = std::move(access);
  return {};
}

}  // namespace tcp::stream
