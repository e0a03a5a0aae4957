// SPDX-License-Identifier: MIT
#include "libtcp/stream/dialer.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/paced_race.hpp"
#include "libtcp/stream/ready_set.hpp"
#include "libtcp/stream/resolve.hpp"
#include "libtcp/stream/unix_socket.hpp"

namespace tcp::stream {
namespace {

using RaceResult = Result<ConnectRace::Winner>;

Awaitable<RaceResult> run_race(Executor executor, PacedRace& race) {
  auto watched = ReadySet::open(executor);
  if (!watched) co_return std::unexpected(std::move(watched).error());
  const PacedRace::Watch watch = [&watched](int fd) { return watched->add(fd, EPOLLOUT); };
  for (;;) {
    const auto advanced = race.advance(watch);
    if (!advanced) co_return std::unexpected(advanced.error());
    const auto ready = co_await watched->wait(race.wake());
    if (!ready) co_return std::unexpected(ready.error());
    for (const int fd : *ready) {
      if (race.settle(fd)) co_return race.take_winner();
    }
  }
}

using Addresses = Result<std::vector<IpAddress>>;

Awaitable<Addresses> find_addresses(Executor executor, const HostTarget& target, const DialOptions& options,
                                    MonotonicTime deadline) {
  if (!options.addresses.empty()) co_return options.addresses;
  net::ResolveOptions lookup;
  lookup.family = options.family;
  lookup.numeric_only = options.numeric_only;
  auto addresses = co_await resolve_until(executor, target.host, lookup, options.resolver, deadline);
  co_return addresses;
}

Awaitable<Result<Dialed>> dial_host(Executor executor, const HostTarget& target, const DialOptions& options,
                                    SessionObserver& observer, const Clock& clock) {
  const MonotonicTime started = clock.now();
  const MonotonicTime deadline = deadline_after(started, options.timeout);
  auto addresses = co_await find_addresses(executor, target, options, deadline);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  std::optional<Duration> resolve_time;
  if (options.addresses.empty() && !parse_ip_address(target.host)) resolve_time = clock.now() - started;
  auto order = dial_order(*addresses, target, options);
  if (!order) co_return std::unexpected(std::move(order).error());
  PacedRace race(std::move(*order), options, observer, clock, deadline);
  auto winner = co_await run_race(executor, race);
  if (!winner) co_return std::unexpected(std::move(winner).error());
  co_return Dialed{std::move(winner->socket), winner->remote, resolve_time, winner->connect_time};
}

// No wait tells when a full queue has room again (EAGAIN): it is asked now and then.
Awaitable<Result<Dialed>> dial_unix(const UnixName& name, const DialOptions& options, SessionObserver& observer,
                                    const Clock& clock) {
  const MonotonicTime started = clock.now();
  const MonotonicTime deadline = deadline_after(started, options.timeout);
  Timer pause(co_await asio::this_coro::executor);
  auto step = kShortestDialPause;
  for (;;) {
    auto socket = connect_unix(name, options.socket);
    if (socket) co_return Dialed{std::move(*socket), name, std::nullopt, clock.now() - started};
    if (!socket.error().is(std::errc::resource_unavailable_try_again)) {
      observer.on_attempt_failed(AttemptFailed{name, socket.error()});
      co_return std::unexpected(std::move(socket).error());
    }
    if (clock.now() >= deadline) co_return make_error(Errc::timed_out, "connect to " + to_string(name));
    pause.expires_after(step);
    auto [ignored] = co_await pause.async_wait(kToken);
    (void)ignored;
    step = std::min(step * 2, kLongestDialPause);
  }
}

}  // namespace

Result<std::vector<IpAddress>> dial_order(const std::vector<IpAddress>& addresses, const HostTarget& target,
                                          const DialOptions& options) {
  std::vector<IpAddress> order = interleave_families(addresses);
  if (options.source_address) {
    std::erase_if(order, [&](const IpAddress& each) { return each.family() != options.source_address->family(); });
  }
  if (!order.empty()) return order;
  return make_error(Errc::resolve_failed, "connect to " + target.host,
                    "it has no address of the source address's family");
}

Awaitable<Result<Dialed>> dial(Executor executor, const DialOptions& options, SessionObserver& observer,
                               const Clock& clock) {
  if (const auto* host = std::get_if<HostTarget>(&options.target)) {
    return dial_host(std::move(executor), *host, options, observer, clock);
  }
  return dial_unix(std::get<UnixName>(options.target), options, observer, clock);
}

}  // namespace tcp::stream
