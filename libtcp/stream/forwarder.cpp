// SPDX-License-Identifier: MIT
#include "libtcp/stream/forwarder.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/pair_flow.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr std::uint32_t kGone = EPOLLERR | EPOLLHUP;
constexpr std::uint64_t kTargetBit = 2;  // a pair's key is its address; the lowest bit is the dialer's
constexpr Duration kShortestPause = std::chrono::milliseconds(1);
constexpr Duration kLongestPause = std::chrono::milliseconds(64);

static_assert(alignof(ForwardPair) > (kTargetBit | 1));

std::uint64_t to_key(const ForwardPair& pair, Side side) {
  return reinterpret_cast<std::uintptr_t>(&pair) | (side == Side::target ? kTargetBit : 0);
}

ForwardPair& pair_of(std::uint64_t key) {
  return *reinterpret_cast<ForwardPair*>(static_cast<std::uintptr_t>(key & ~kTargetBit));
}

Side side_of(std::uint64_t key) { return (key & kTargetBit) != 0 ? Side::target : Side::client; }

bool is_plain_target(const DialOptions& target) {
  return !target.tls && target.socket.settings.empty() && !target.socket.multipath && !target.socket.md5_key;
}

bool passes_bytes_on(const RelayOptions& relay) {
  return relay.direction == Direction::both && !relay.finish_at_remote_end && relay.close_output && !relay.quit_after &&
         !relay.until_bytes && !relay.crlf && relay.line_delay == Duration() && relay.rate_bytes_per_s == 0 &&
         relay.progress_interval == Duration() && relay.tap_sources.empty();
}

// A proxy server's clients have their own.
const ForwardOptions& targets_of(const ListenOptions& options) {
  static const ForwardOptions kNone;
  return options.forward ? *options.forward : kNone;
}

}  // namespace

bool is_plain_forwarding(const ListenOptions& options) {
  if (options.tls || options.faults.spoils_connections() || !passes_bytes_on(options.relay)) return false;
  if (options.proxy_server) return is_plain_target(options.proxy_server->dial);
  return options.forward && !options.forward->transparent &&
         std::ranges::all_of(options.forward->targets, is_plain_target);
}

Result<std::unique_ptr<Forwarder>> Forwarder::open(const Executor& executor, const ListenOptions& options,
                                                   SessionObserver& observer, const Clock& clock, Left left) {
  TCP_TRY_ASSIGN(events, EventQueue::open(executor));
  std::unique_ptr<Forwarder> forwarder(
      new Forwarder(executor, std::move(events), options, observer, clock, std::move(left)));
  if (!options.proxy_server) return forwarder;
  TCP_TRY_ASSIGN(greeter, ProxyGreeter::open(executor, *options.proxy_server, forwarder->wakes_, observer, clock,
                                             static_cast<ProxyGreeter::Owner&>(*forwarder)));
  forwarder->greeter_ = std::move(greeter);
  return forwarder;
}

Forwarder::Forwarder(const Executor& executor, EventQueue events, const ListenOptions& options,
                     SessionObserver& observer, const Clock& clock, Left left)
    : events_(std::move(events)),
      delivery_patience_(options.relay.delivery_patience),
      send_proxy_(targets_of(options).send_proxy),
      observer_(observer),
      clock_(clock),
      left_(std::move(left)),
      now_(clock.now()),
      idle_(options.relay.idle_timeout),
      dialer_(executor, events_, wakes_, targets_of(options), observer, clock, *this) {}

// The bytes never come up here: the transport has no use.
Result<void> Forwarder::welcome(Connected connected, UniqueFd socket, std::unique_ptr<Transport> transport) {
  (void)transport;
  auto owned = std::make_unique<ForwardPair>();
  ForwardPair& pair = *owned;
  now_ = clock_.now();
  pair.end(Side::client).socket = std::move(socket);
  pair.id = connected.id;
  pair.addresses = connected.addresses;
  pair.started = now_;
  pair.index = pairs_.size();
  pairs_.push_back(std::move(owned));
  observer_.on_connected(connected);
  if (greeter_) {
    greeter_->start(pair);
  } else {
    dialer_.start(pair);
  }
  return settle();
}

void Forwarder::watch_client(ForwardPair& pair, std::uint32_t events) { watch_for(pair, Side::client, events); }

void Forwarder::on_requested(ForwardPair& pair, std::unique_ptr<DialOptions> target) {
  dialer_.start(pair, std::move(target));
}

void Forwarder::on_parted(ForwardPair& pair, CloseReason reason, std::optional<Error> error) {
  fail(pair, reason, std::move(error));
}

Awaitable<Result<void>> Forwarder::run() {
  for (;;) {
    const std::error_code error = co_await events_.wait();
    if (failure_) co_return std::unexpected(*failure_);
    if (error) co_return std::unexpected(Error{error, "wait for clients", {}, {}});
    auto turned = turn();
    if (!turned) co_return turned;
  }
}

Result<void> Forwarder::turn() {
  TCP_TRY_ASSIGN(ready, events_.take());
  now_ = clock_.now();
  if (now_ >= alarm_) alarm_ = MonotonicTime::max();
  for (const epoll_event& event : ready) {
    const std::uint64_t key = event.data.u64;
    if (ForwardDialer::is_dial(key)) {
      dialer_.handle(key);
    } else {
      handle(pair_of(key), side_of(key), event.events);
    }
  }
  expire();
  return settle();
}

void Forwarder::on_reached(ForwardPair& pair, Dialed dialed) {
  PairEnd& target = pair.end(Side::target);
  target.socket = std::move(dialed.socket);
  target.is_watched = std::holds_alternative<Endpoint>(dialed.remote);
  pair.target = dialed.remote;
  Forwarded event;
  event.id = pair.id;
  event.addresses = {local_address(target.socket.get()), pair.target};
  event.resolve_time = dialed.resolve_time;
  event.connect_time = dialed.connect_time;
  observer_.on_forwarded(event);
  if (pair.greeting && !greeter_->grant(pair, target.socket.get())) return;
  if (!send_header(pair)) return;
  open_ways(pair);
  idle_.touch(pair, pair.idle, now_);
  after_moving(pair);
}

// False when the target is gone again.
bool Forwarder::send_header(ForwardPair& pair) {
  if (!send_proxy_) return true;
  const auto header = serialize_proxy_header(*send_proxy_, pair.addresses);
  const bool has_payload = waiting_bytes(pair.end(Side::client).socket.get()) > 0;
  const std::error_code error = send_first(pair.end(Side::target).socket.get(), header, has_payload);
  if (error) fail(pair, CloseReason::output_failed, connection_error(pair.target, error));
  return !error;
}

void Forwarder::on_unreachable(ForwardPair& pair, std::optional<Error> error) {
  if (pair.greeting && error) return greeter_->refuse(pair, *std::move(error));
  fail(pair, CloseReason::target_failed, std::move(error));
}

// Nobody waits here for the result: run() is told.
void Forwarder::on_lookup_over() {
  now_ = clock_.now();
  if (auto settled = settle(); !settled) {
    failure_ = std::move(settled).error();
    events_.cancel();
  }
}

void Forwarder::handle(ForwardPair& pair, Side side, std::uint32_t events) {
  if (pair.is_doomed || pair.last_pause) return;
  if (pair.greeting) return greeter_->handle(pair);
  const bool is_gone = (events & kGone) != 0;
  const std::uint32_t wanted = wanted_events(pair, side);
  if ((wanted & EPOLLIN) != 0 && (is_gone || (events & EPOLLIN) != 0)) move(pair, side);
  if ((wanted & EPOLLOUT) != 0 && (is_gone || (events & EPOLLOUT) != 0)) move(pair, opposite(side));
  if (wanted == 0 && is_gone) {
    note_gone(pair, side);
    unwatch(pair.end(side));  // it would be told again and again
    pair.end(side).events = 0;
  }
  after_moving(pair);
}

void Forwarder::move(ForwardPair& pair, Side from) {
  if (pair.is_over || pair.end(from).way == WayState::over) return;
  if (flow(pair, from)) idle_.touch(pair, pair.idle, now_);
}

void Forwarder::after_moving(ForwardPair& pair) {
  if (pair.is_doomed) return;
  if (pair.is_over) return pair.has_failed ? doom(pair) : begin_confirming(pair);
  watch(pair, Side::client);
  watch(pair, Side::target);
}

// An end of which nothing is wanted stays watched: that it is gone is told in any case.
void Forwarder::watch(ForwardPair& pair, Side side) { watch_for(pair, side, wanted_events(pair, side)); }

void Forwarder::watch_for(ForwardPair& pair, Side side, std::uint32_t wanted) {
  PairEnd& end = pair.end(side);
  if (pair.is_doomed || (wanted == end.events && (end.is_watched || wanted == 0))) return;
  const int fd = end.socket.get();
  const std::uint64_t key = to_key(pair, side);
  auto watched = end.is_watched ? events_.change(fd, wanted, key) : events_.add(fd, wanted, key);
  if (!watched) return fail(pair, CloseReason::connection_failed, std::move(watched).error());
  end.is_watched = true;
  end.events = wanted;
}

void Forwarder::unwatch(PairEnd& end) {
  if (std::exchange(end.is_watched, false)) events_.remove(end.socket.get());
}

// Nothing counts as passed on well before the client's TCP has acknowledged it. Nothing was said: nothing to wait for.
void Forwarder::begin_confirming(ForwardPair& pair) {
  idle_.remove(pair.idle);
  if (pair.traffic.sent_bytes == 0) return doom(pair);
  const int client = pair.end(Side::client).socket.get();
  pair.unacknowledged = unacknowledged_bytes(client);
  if (pair.unacknowledged > 0) {
    for (PairEnd& end : pair.ends) {
      unwatch(end);
      (void)::shutdown(end.socket.get(), SHUT_WR);
    }
    pair.unacknowledged = unacknowledged_bytes(client);
  }
  pair.acknowledged_at = now_;
  pair.last_pause = kShortestPause / 2;
  confirm(pair);
}

// No wait tells of acknowledgements: it is asked now and then.
void Forwarder::confirm(ForwardPair& pair) {
  const int client = pair.end(Side::client).socket.get();
  const int left = unacknowledged_bytes(client);
  std::error_code error;
  if (left == 0) error = pending_error(client);
  if (left != std::exchange(pair.unacknowledged, left)) pair.acknowledged_at = now_;
  if (left > 0 && now_ - pair.acknowledged_at >= delivery_patience_) error = std::make_error_code(std::errc::timed_out);
  if (error) return fail(pair, CloseReason::connection_failed, connection_error(pair.addresses.remote, error));
  if (left == 0) return doom(pair);
  *pair.last_pause = std::min(*pair.last_pause * 2, kLongestPause);
  wakes_.set(pair, pair.wake, now_ + *pair.last_pause);
}

void Forwarder::expire() {
  while (wakes_.deadline() <= now_) {
    ForwardPair& pair = wakes_.front();
    wakes_.remove(pair.wake);
    if (pair.is_doomed) continue;
    if (pair.dial) {
      dialer_.wake(pair);
    } else if (pair.greeting) {
      greeter_->wake(pair);
    } else {
      confirm(pair);
    }
  }
  while (idle_.deadline() <= now_) end_idle(idle_.front());
}

void Forwarder::end_idle(ForwardPair& pair) {
  idle_.remove(pair.idle);
  fail(pair, CloseReason::idle,
       Error{make_error_code(Errc::timed_out), to_string(pair.addresses.remote), "idle for too long", {}});
}

void Forwarder::fail(ForwardPair& pair, CloseReason reason, std::optional<Error> error) {
  if (pair.is_doomed) return;
  pair.reason = reason;
  pair.error = std::move(error);
  doom(pair);
}

void Forwarder::doom(ForwardPair& pair) {
  if (std::exchange(pair.is_doomed, true)) return;
  doomed_.push_back(&pair);
}

// An alarm that is too early is harmless: deadlines move with every byte, and the timer only when it would be late.
Result<void> Forwarder::settle() {
  while (!doomed_.empty()) {
    ForwardPair& pair = *doomed_.back();
    doomed_.pop_back();
    pairs_.back()->index = pair.index;
    std::swap(pairs_[pair.index], pairs_.back());
    gone_.push_back(std::move(pairs_.back()));
    pairs_.pop_back();
    if (pair.greeting && pair.greeting->stage == PairGreeting::Stage::beyond) {
      give_away(pair);
    } else {
      report_closed(pair);
    }
  }
  gone_.clear();
  const MonotonicTime next = std::min(idle_.deadline(), wakes_.deadline());
  if (next >= alarm_) return {};
  alarm_ = next;
  return events_.wake_at(next);
}

void Forwarder::give_away(ForwardPair& pair) {
  unwatch(pair.end(Side::client));
  Demanding demanding;
  demanding.connected.id = pair.id;
  demanding.connected.addresses = pair.addresses;
  demanding.since = pair.started;
  demanding.socket = std::move(pair.end(Side::client).socket);
  demanding.dialogue = std::move(pair.greeting->dialogue);
  release(pair);
  hand_over_(std::move(demanding));
}

// The other side of one that was lost must not take the end of what came for the end of all.
void Forwarder::release(ForwardPair& pair) {
  idle_.remove(pair.idle);
  wakes_.remove(pair.wake);
  dialer_.drop(pair);
  if (greeter_) greeter_->drop(pair);
  PairEnd& client = pair.end(Side::client);
  PairEnd& target = pair.end(Side::target);
  if (pair.reason == CloseReason::connection_failed) set_abort(target.socket.get());
  if (pair.reason == CloseReason::input_failed || pair.reason == CloseReason::output_failed) {
    set_abort(client.socket.get());
  }
  for (PairEnd& end : pair.ends) {
    end.mover.reset();
    end.socket.reset();
  }
}

void Forwarder::report_closed(ForwardPair& pair) {
  Closed closed;
  closed.id = pair.id;
  closed.addresses = pair.addresses;
  closed.reason = pair.reason;
  closed.error = std::move(pair.error);
  closed.traffic = pair.traffic;
  closed.duration = now_ - pair.started;
  if (observer_.wants_statistics()) closed.statistics = read_tcp_statistics(pair.end(Side::client).socket.get());
  release(pair);
  observer_.on_closed(closed);
  left_(closed);
}

void Forwarder::close_all(CloseReason reason) {
  now_ = clock_.now();
  for (const auto& pair : std::exchange(pairs_, {})) {
    pair->reason = reason;
    pair->error.reset();
    report_closed(*pair);
  }
}

}  // namespace tcp::stream
