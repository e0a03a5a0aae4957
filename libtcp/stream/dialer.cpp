// SPDX-License-Identifier: MIT
#include "libtcp/stream/dialer.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "libtcp/stream/connect_race.hpp"
#include "libtcp/stream/ready_set.hpp"
#include "libtcp/stream/resolve.hpp"
#include "libtcp/stream/unix_socket.hpp"

namespace tcp::stream {
namespace {

constexpr std::chrono::milliseconds kShortestPause{1};
constexpr std::chrono::milliseconds kLongestPause{64};

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
      if (race.refusal()) co_return std::unexpected(*race.refusal());
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

MonotonicTime deadline_of(const DialOptions& options, MonotonicTime started) {
  return options.timeout == Duration() ? MonotonicTime::max() : started + options.timeout;
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
  const MonotonicTime deadline = deadline_of(options, started);
  auto addresses = co_await find_addresses(executor, target, options, deadline);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  std::optional<Duration> resolve_time;
  if (options.addresses.empty() && !parse_ip_address(target.host)) resolve_time = clock.now() - started;
  std::vector<IpAddress> usable = of_source_family(interleave_families(*addresses), options);
  if (usable.empty()) {
    co_return make_error(Errc::resolve_failed, "connect to " + target.host,
                         "it has no address of the source address's family");
  }
  ConnectRace race(std::move(usable), options, observer, clock);
  auto winner = co_await run_race(executor, race, options, clock, deadline);
  if (!winner) co_return std::unexpected(std::move(winner).error());
  co_return Dialed{std::move(winner->socket), winner->remote, resolve_time, winner->connect_time};
}

// No wait tells when a full queue has room again (EAGAIN): it is asked now and then.
Awaitable<Result<Dialed>> dial_unix(const UnixName& name, const DialOptions& options, SessionObserver& observer,
                                    const Clock& clock) {
  const MonotonicTime started = clock.now();
  const MonotonicTime deadline = deadline_of(options, started);
  Timer pause(co_await asio::this_coro::executor);
  auto step = kShortestPause;
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
    step = std::min(step * 2, kLongestPause);
  }
}

}  // namespace

Awaitable<Result<Dialed>> dial(Executor executor, const DialOptions& options, SessionObserver& observer,
                               const Clock& clock) {
  if (const auto* host = std::get_if<HostTarget>(&options.target)) {
    return dial_host(std::move(executor), *host, options, observer, clock);
  }
  return dial_unix(std::get<UnixName>(options.target), options, observer, clock);
}

}  // namespace tcp::stream
