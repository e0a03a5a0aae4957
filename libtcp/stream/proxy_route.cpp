// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_route.hpp"

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/proxy_event.hpp"
#include "libtcp/stream/resolve.hpp"

namespace tcp::stream {
namespace {

void report_reached(const ProxyRoutes& routes, const Channel& channel, const Dialed& dialed, std::uint64_t id) {
  Forwarded event;
  event.id = id;
  event.addresses = channel.addresses();
  event.resolve_time = dialed.resolve_time;
  event.connect_time = dialed.connect_time;
  routes.observer.on_forwarded(event);
}

std::unique_ptr<DialOptions> options_for(const ProxyRoutes& routes, const HostTarget& target,
                                         std::vector<IpAddress> addresses) {
  auto options = std::make_unique<DialOptions>(routes.options.dial);
  options->target = target;
  options->addresses = std::move(addresses);
  return options;
}

Result<std::unique_ptr<Channel>> open_channel(const ProxyRoutes& routes, Dialed dialed, std::uint64_t id) {
  auto transport = make_plain_transport(dialed.socket.get());
  auto channel = Channel::open(routes.executor, std::move(dialed.socket), std::move(transport));
  if (!channel) return channel;
  (*channel)->set_remote(dialed.remote);
  report_reached(routes, **channel, dialed, id);
  return channel;
}

}  // namespace

Awaitable<Result<std::vector<IpAddress>>> find_proxy_target(const ProxyRoutes& routes, HostTarget target,
                                                            Address client) {
  net::ResolveOptions lookup;
  lookup.family = routes.options.dial.family;
  lookup.numeric_only = routes.options.dial.numeric_only;
  const MonotonicTime deadline = deadline_after(routes.clock.now(), routes.options.dial.timeout);
  auto addresses = co_await resolve_until(routes.executor, target.host, lookup, routes.options.dial.resolver, deadline);
  if (!addresses) co_return addresses;
  auto permitted = routes.targets.permitted(*addresses, client);
  if (permitted.empty()) co_return std::unexpected(denied_target(target));
  co_return permitted;
}

Awaitable<Result<std::unique_ptr<Channel>>> reach_proxy_target(const ProxyRoutes& routes, HostTarget target,
                                                               Address client, std::uint64_t id) {
  auto addresses = co_await find_proxy_target(routes, target, client);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  const auto options = options_for(routes, target, std::move(*addresses));
  auto dialed = co_await dial(routes.executor, *options, routes.observer, routes.clock);
  if (!dialed) co_return std::unexpected(std::move(dialed).error());
  co_return open_channel(routes, std::move(*dialed), id);
}

Endpoint end_of(const Channel& channel) {
  const auto* endpoint = std::get_if<Endpoint>(&channel.addresses().local);
  return endpoint != nullptr ? *endpoint : Endpoint{IpAddress::any(Family::v4), 0};
}

}  // namespace tcp::stream
