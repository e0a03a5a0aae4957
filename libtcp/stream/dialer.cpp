// SPDX-License-Identifier: MIT
#include "libtcp/stream/dialer.hpp"

#include <algorithm>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/host_race.hpp"
#include "libtcp/stream/ready_set.hpp"
#include "libtcp/stream/resolve.hpp"
#include "libtcp/stream/unix_socket.hpp"

namespace tcp::stream {
namespace {

Awaitable<Result<Dialed>> dial_host(Executor executor, const DialOptions& options, SessionObserver& observer,
                                    const Clock& clock) {
  auto watched = ReadySet::open(executor);
  if (!watched) co_return std::unexpected(std::move(watched).error());
  ReadySet& set = *watched;
  HostRace race(options, observer, clock, [&set](int fd, std::uint32_t events) { return set.add(fd, events); });
  if (auto started = race.start(); !started) co_return std::unexpected(std::move(started).error());
  for (;;) {
    const auto advanced = race.advance();
    if (!advanced) co_return std::unexpected(advanced.error());
    const auto ready = co_await set.wait(race.wake());
    if (!ready) co_return std::unexpected(ready.error());
    for (const int fd : *ready) {
      if (race.settle(fd)) co_return race.take_winner();
    }
  }
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
  if (std::holds_alternative<HostTarget>(options.target)) {
    return dial_host(std::move(executor), options, observer, clock);
  }
  return dial_unix(std::get<UnixName>(options.target), options, observer, clock);
}

}  // namespace tcp::stream
