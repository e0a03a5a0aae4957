// SPDX-License-Identifier: MIT
#include "libtcp/stream/dialer.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "libtcp/stream/connect_race.hpp"
#include "libtcp/stream/ready_set.hpp"
#include "libtcp/stream/resolve.hpp"

namespace tcp::stream {
namespace {

using RaceResult = Result<ConnectRace::Winner>;

Awaitable<RaceResult> run_race(Executor executor, ConnectRace& race, const DialOptions& options, const Clock& clock,
                               MonotonicTime deadline) {
  auto watched = ReadySet::open(executor);
  if (!watched) co_return std::unexpected(std::move(watched).error());
  MonotonicTime next_start = clock.now();
  for (;;) {
    const MonotonicTime now = clock.now();
    if (now >= deadline) co_return std::unexpected(race.timeout());
    if (race.has_next() && (now >= next_start || !race.is_running())) {
      const auto fd = race.start_next();
      if (!fd) continue;  // it failed at once: the next one need not wait
      if (auto added = watched->add(*fd, EPOLLOUT); !added) co_return std::unexpected(std::move(added).error());
      next_start = now + options.attempt_delay;
      continue;
    }
    if (!race.is_running()) co_return std::unexpected(race.failure());
    const MonotonicTime wake = race.has_next() ? std::min(next_start, deadline) : deadline;
    const auto ready = co_await watched->wait(wake);
    if (!ready) co_return std::unexpected(ready.error());
    for (const int fd : *ready) {
      if (race.settle(fd)) co_return race.take_winner();
      next_start = clock.now();
    }
  }
}

std::vector<IpAddress> of_source_family(std::vector<IpAddress> addresses, const DialOptions& options) {
  if (!options.source_address) return addresses;
  std::erase_if(addresses, [&](const IpAddress& each) { return each.family() != options.source_address->family(); });
  return addresses;
}

}  // namespace

Awaitable<Result<Dialed>> dial(Executor executor, const DialOptions& options, SessionObserver& observer,
                               const Clock& clock) {
  const MonotonicTime started = clock.now();
  const MonotonicTime deadline = options.timeout == Duration() ? MonotonicTime::max() : started + options.timeout;
  net::ResolveOptions lookup;
  lookup.family = options.family;
  lookup.numeric_only = options.numeric_only;
  auto addresses = co_await resolve_until(executor, options.host, lookup, options.resolver, deadline);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  std::optional<Duration> resolve_time;
  if (!parse_ip_address(options.host)) resolve_time = clock.now() - started;
  std::vector<IpAddress> usable = of_source_family(interleave_families(*addresses), options);
  if (usable.empty()) {
    co_return make_error(Errc::resolve_failed, "connect to " + options.host,
                         "it has no address of the source address's family");
  }
  ConnectRace race(std::move(usable), options, observer, clock);
  auto winner = co_await run_race(executor, race, options, clock, deadline);
  if (!winner) co_return std::unexpected(std::move(winner).error());
  co_return Dialed{std::move(winner->socket), resolve_time, winner->connect_time};
}

}  // namespace tcp::stream
