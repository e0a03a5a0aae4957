// SPDX-License-Identifier: MIT
#include "libtcp/stream/forward_dialer.hpp"

#include <sys/epoll.h>

#include <algorithm>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/resolve.hpp"
#include "libtcp/stream/unix_socket.hpp"

namespace tcp::stream {
namespace {

constexpr std::chrono::milliseconds kExhaustedPause{100};

bool is_exhausted(const Error& error) {
  return error.is(std::errc::too_many_files_open) || error.is(std::errc::too_many_files_open_in_system);
}

}  // namespace

ForwardDialer::ForwardDialer(const Executor& executor, EventQueue& events, WakeQueue<ForwardPair>& wakes,
                             const ForwardOptions& options, SessionObserver& observer, const Clock& clock, Owner& owner)
    : executor_(executor),
      events_(events),
      wakes_(wakes),
      observer_(observer),
      clock_(clock),
      owner_(owner),
      targets_(options, observer, clock),
      lookups_(options.targets.size()) {}

void ForwardDialer::start(ForwardPair& pair) {
  pair.dial = std::make_unique<PairDial>();
  pair.dial->order = targets_.order();
  std::ranges::reverse(pair.dial->order);
  if (begin_next(pair)) advance(pair);
}

void ForwardDialer::start(ForwardPair& pair, std::unique_ptr<DialOptions> target) {
  pair.dial = std::make_unique<PairDial>();
  pair.dial->own = std::move(target);
  begin(*pair.dial, *pair.dial->own);
  advance(pair);
}

const DialOptions& ForwardDialer::options_of(const ForwardPair& pair) const {
  return pair.dial->own ? *pair.dial->own : targets_.at(pair.target_index);
}

void ForwardDialer::begin(PairDial& dial, const DialOptions& options) {
  dial.started = clock_.now();
  dial.deadline = deadline_after(dial.started, options.timeout);
  dial.resolve_time.reset();
  dial.pause = kShortestDialPause;
}

// False when the owner has been told that there is none left.
bool ForwardDialer::begin_next(ForwardPair& pair) {
  PairDial& dial = *pair.dial;
  if (dial.order.empty()) {
    std::optional<Error> failure = std::move(dial.failure);
    pair.dial.reset();
    owner_.on_unreachable(pair, std::move(failure));
    return false;
  }
  pair.target_index = dial.order.back();
  dial.order.pop_back();
  targets_.began(pair.target_index);
  pair.is_counted = true;
  begin(dial, targets_.at(pair.target_index));
  return true;
}

void ForwardDialer::advance(ForwardPair& pair) {
  if (auto attempted = attempt(pair); !attempted) go_on_after(pair, std::move(attempted).error());
}

void ForwardDialer::go_on_after(ForwardPair& pair, Error error) {
  if (is_exhausted(error) && clock_.now() < pair.dial->deadline) return pause(pair);
  end_attempt(pair);
  if (!pair.dial->own) targets_.mark_dead(pair.target_index, error);
  pair.dial->failure = std::move(error);
  if (begin_next(pair)) advance(pair);
}

// It says nothing about the target, and somebody may leave.
void ForwardDialer::pause(ForwardPair& pair) {
  pair.dial->race.reset();
  wakes_.set(pair, pair.wake, std::min(clock_.now() + kExhaustedPause, pair.dial->deadline));
}

Result<void> ForwardDialer::attempt(ForwardPair& pair) {
  PairDial& dial = *pair.dial;
  const DialOptions& options = options_of(pair);
  if (const auto* name = std::get_if<UnixName>(&options.target)) return attempt_unix(pair, *name, options);
  const auto& host = std::get<HostTarget>(options.target);
  if (!dial.race && !dial.is_looking_up) TCP_TRY(begin_host(pair, host, options));
  if (dial.is_looking_up) {
    if (clock_.now() >= dial.deadline) return make_error(Errc::timed_out, "resolve " + host.host);
    wakes_.set(pair, pair.wake, dial.deadline);
    return {};
  }
  TCP_TRY(dial.race->advance([this, &pair](int fd) { return watch(pair, fd); }));
  wakes_.set(pair, pair.wake, dial.race->wake());
  return {};
}

Result<void> ForwardDialer::begin_host(ForwardPair& pair, const HostTarget& host, const DialOptions& options) {
  if (!options.addresses.empty()) return begin_race(pair, options.addresses);
  const auto literal = parse_ip_address(host.host);
  if (!literal) {
    look_up(pair);
    return {};
  }
  TCP_TRY_ASSIGN(addresses, literal_address(*literal, options.family));
  return begin_race(pair, addresses);
}

Result<void> ForwardDialer::begin_race(ForwardPair& pair, const std::vector<IpAddress>& addresses) {
  const DialOptions& options = options_of(pair);
  TCP_TRY_ASSIGN(order, dial_order(addresses, std::get<HostTarget>(options.target), options));
  pair.dial->race = std::make_unique<PacedRace>(std::move(order), options, observer_, clock_, pair.dial->deadline);
  return {};
}

Result<void> ForwardDialer::watch(ForwardPair& pair, int fd) {
  const std::uint64_t key = next_key_;
  TCP_TRY(events_.add(fd, EPOLLOUT, key));
  next_key_ += 2;
  attempts_.emplace(key, Attempt{&pair, fd});
  pair.dial->keys.push_back(key);
  return {};
}

// An attempt that ended earlier in this turn may still have an event.
void ForwardDialer::handle(std::uint64_t key) {
  const auto found = attempts_.find(key);
  if (found == attempts_.end()) return;
  const auto [pair, fd] = found->second;
  PairDial& dial = *pair->dial;
  if (!dial.race->settle(fd)) {
    attempts_.erase(found);
    std::erase(dial.keys, key);
    return advance(*pair);
  }
  ConnectRace::Winner winner = dial.race->take_winner();
  reach(*pair, Dialed{std::move(winner.socket), winner.remote, dial.resolve_time, winner.connect_time});
}

Result<void> ForwardDialer::attempt_unix(ForwardPair& pair, const UnixName& name, const DialOptions& options) {
  PairDial& dial = *pair.dial;
  auto socket = connect_unix(name, options.socket);
  const MonotonicTime now = clock_.now();
  if (socket) {
    reach(pair, Dialed{std::move(*socket), name, std::nullopt, now - dial.started});
    return {};
  }
  if (!socket.error().is(std::errc::resource_unavailable_try_again)) {
    observer_.on_attempt_failed(AttemptFailed{name, socket.error()});
    return std::unexpected(std::move(socket).error());
  }
  if (now >= dial.deadline) return make_error(Errc::timed_out, "connect to " + to_string(name));
  wakes_.set(pair, pair.wake, std::min(now + dial.pause, dial.deadline));
  dial.pause = std::min(dial.pause * 2, kLongestDialPause);
  return {};
}

void ForwardDialer::reach(ForwardPair& pair, Dialed dialed) {
  if (!pair.dial->own) targets_.mark_alive(pair.target_index);
  for (const std::uint64_t key : pair.dial->keys) attempts_.erase(key);
  wakes_.remove(pair.wake);
  pair.dial.reset();
  owner_.on_reached(pair, std::move(dialed));
}

// In vain.
void ForwardDialer::end_attempt(ForwardPair& pair) {
  wakes_.remove(pair.wake);
  if (std::exchange(pair.is_counted, false)) targets_.ended(pair.target_index);
  if (!pair.dial) return;
  PairDial& dial = *pair.dial;
  for (const std::uint64_t key : dial.keys) attempts_.erase(key);
  dial.keys.clear();
  dial.race.reset();
  if (std::exchange(dial.is_looking_up, false)) std::erase(lookups_[pair.target_index].waiting, &pair);
}

void ForwardDialer::drop(ForwardPair& pair) {
  end_attempt(pair);
  pair.dial.reset();
}

void ForwardDialer::look_up(ForwardPair& pair) {
  Lookup& lookup = lookups_[pair.target_index];
  lookup.waiting.push_back(&pair);
  pair.dial->is_looking_up = true;
  if (!std::exchange(lookup.is_running, true)) {
    asio::co_spawn(executor_, resolve(pair.target_index), asio::detached);
  }
}

// As long as the resolver takes: each who waits for it has a deadline of its own.
Awaitable<void> ForwardDialer::resolve(std::size_t target) {
  const DialOptions& options = targets_.at(target);
  net::ResolveOptions lookup;
  lookup.family = options.family;
  lookup.numeric_only = options.numeric_only;
  std::string host = std::get<HostTarget>(options.target).host;
  const auto addresses =
      co_await resolve_until(executor_, std::move(host), lookup, options.resolver, MonotonicTime::max());
  answer(target, addresses);
}

void ForwardDialer::answer(std::size_t target, const Result<std::vector<IpAddress>>& addresses) {
  lookups_[target].is_running = false;
  for (ForwardPair* const pair : std::exchange(lookups_[target].waiting, {})) {
    PairDial& dial = *pair->dial;
    dial.is_looking_up = false;
    dial.resolve_time = clock_.now() - dial.started;
    auto begun = addresses ? begin_race(*pair, *addresses) : Result<void>(std::unexpected(addresses.error()));
    if (begun) {
      advance(*pair);
    } else {
      go_on_after(*pair, std::move(begun).error());
    }
  }
  owner_.on_lookup_over();
}

}  // namespace tcp::stream
