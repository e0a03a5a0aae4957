// SPDX-License-Identifier: MIT
#include "libtcp/stream/hub.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{128} * 1024;
constexpr std::chrono::seconds kFullPatience{2};  // how long the others wait for somebody whose queue is full
constexpr std::chrono::seconds kLingerPatience{2};
constexpr unsigned kPiecesAtATime = 16;  // then the other clients have their turn
constexpr std::uint32_t kGone = EPOLLERR | EPOLLHUP;

// That it is gone is told in any case.
std::uint32_t to_events(Want want) {
  if (want == Want::gone) return 0;
  return want == Want::writable ? EPOLLOUT : EPOLLIN;
}

std::uint64_t to_key(const HubClient& client) { return reinterpret_cast<std::uintptr_t>(&client); }

HubClient& from_key(std::uint64_t key) { return *reinterpret_cast<HubClient*>(static_cast<std::uintptr_t>(key)); }

bool is_reset(std::error_code error) { return error == std::errc::connection_reset || error == std::errc::broken_pipe; }

}  // namespace

Result<std::unique_ptr<Hub>> Hub::open(const Executor& executor, const HubOptions& options, SessionObserver& observer,
                                       const Clock& clock, Left left) {
  TCP_TRY_ASSIGN(events, EventQueue::open(executor));
  return std::unique_ptr<Hub>(new Hub(std::move(events), options, observer, clock, std::move(left)));
}

Hub::Hub(EventQueue events, const HubOptions& options, SessionObserver& observer, const Clock& clock, Left left)
    : events_(std::move(events)),
      options_(options),
      observer_(observer),
      clock_(clock),
      left_(std::move(left)),
      behaviour_(make_hub_behaviour(options.kind)),
      buffer_(kBufferBytes),
      now_(clock.now()),
      idle_(options.idle_timeout),
      stuck_(options.stuck_timeout),
      full_(kFullPatience),
      lingering_(kLingerPatience) {}

Hub::~Hub() = default;

Result<void> Hub::welcome(Connected connected, UniqueFd socket, std::unique_ptr<Transport> transport) {
  auto owned = std::make_unique<HubClient>();
  HubClient& client = *owned;
  now_ = clock_.now();
  client.socket = std::move(socket);
  client.transport = std::move(transport);
  client.id = connected.id;
  client.addresses = connected.addresses;
  client.started = now_;
  client.events = EPOLLIN;
  client.index = clients_.size();
  TCP_TRY(events_.add(client.socket.get(), client.events, to_key(client)));
  clients_.push_back(std::move(owned));
  observer_.on_connected(connected);
  note_activity(client);
  behaviour_->on_joined(*this, client);
  if (client.transport->has_buffered()) buffered_.touch(client, client.buffered, now_);
  push(client);
  register_events(client);
  return settle();
}

Awaitable<Result<void>> Hub::run() {
  for (;;) {
    const std::error_code error = co_await events_.wait();
    if (error) co_return std::unexpected(Error{error, "wait for clients", {}, {}});
    auto turned = turn();
    if (!turned) co_return turned;
  }
}

Result<void> Hub::turn() {
  TCP_TRY_ASSIGN(ready, events_.take());
  now_ = clock_.now();
  if (now_ >= alarm_) alarm_ = MonotonicTime::max();
  for (const epoll_event& event : ready) {
    HubClient& client = from_key(event.data.u64);
    if (!client.is_doomed) handle(client, event.events);
  }
  read_buffered();
  expire();
  return settle();
}

void Hub::handle(HubClient& client, std::uint32_t events) {
  const bool was_sending = sends(client);
  if (was_sending && (events & (to_events(client.send_want) | kGone)) != 0) push(client);
  if (client.is_doomed) return;
  if (reads(client)) {
    if ((events & (to_events(client.receive_want) | kGone)) != 0) pull(client);
  } else if (!was_sending && (events & kGone) != 0) {
    const std::error_code error = pending_error(client.socket.get());
    fail(client, error ? error : std::make_error_code(std::errc::connection_reset));
  }
  if (!client.is_doomed) register_events(client);
}

// A record of TLS may hold more than one read takes, and the socket does not tell.
void Hub::pull(HubClient& client) {
  if (behaviour_->is_shared() && !full_.empty() && !client.finishing) return hold_back(client);
  for (unsigned i = 0; i < kPiecesAtATime; ++i) {
    if (!pull_once(client) || !reads(client) || !client.transport->has_buffered()) break;
  }
  if (reads(client) && client.transport->has_buffered()) buffered_.touch(client, client.buffered, now_);
}

bool Hub::pull_once(HubClient& client) {
  const Attempt attempt = client.transport->receive(buffer_);
  client.receive_want = Want::readable;
  if (attempt.error) {
    fail(client, attempt.error);
    return false;
  }
  if (attempt.want != Want::nothing) {
    client.receive_want = attempt.want;
    return false;
  }
  if (attempt.bytes == 0) {
    client.input_ended = true;
    if (client.finished) {
      doom(client, CloseReason::finished);
    } else if (!client.finishing) {
      behaviour_->on_end(*this, client);
    }
    return false;
  }
  client.traffic.received_bytes += attempt.bytes;
  note_activity(client);
  if (!client.finishing) behaviour_->on_bytes(*this, client, std::span(buffer_).first(attempt.bytes));
  return !client.is_doomed;
}

void Hub::push(HubClient& client) {
  if (client.is_doomed) return;
  if (client.has_queue()) flush(client);
  if (client.is_doomed || client.has_queue()) return;
  if (client.wants_output && !client.finishing) behaviour_->on_writable(*this, client);
  if (!client.is_doomed && client.finishing && !client.finished) send_fin(client);
}

void Hub::flush(HubClient& client) {
  for (unsigned i = 0; i < kPiecesAtATime && !client.queue->empty(); ++i) {
    const auto bytes = client.queue->front(buffer_);
    const std::size_t sent = send_some(client, bytes);
    if (client.is_doomed) return;
    client.queue->pop(sent);
    if (sent > 0 && client.stuck) stuck_.touch(client, client.stuck, now_);
    if (sent < bytes.size()) break;
  }
  note_drained(client);
}

// Where nothing is unread, closing says the same.
void Hub::send_fin(HubClient& client) {
  if (client.input_ended && client.transport->is_plain()) return doom(client, CloseReason::finished);
  const Attempt attempt = client.transport->finish_sending();
  client.send_want = attempt.want == Want::nothing ? Want::writable : attempt.want;
  if (attempt.error) return fail(client, attempt.error);
  if (attempt.want != Want::nothing) return;
  client.finished = true;
  if (client.input_ended) return doom(client, CloseReason::finished);
  lingering_.touch(client, client.lingering, now_);
}

bool Hub::reads(const HubClient& client) const noexcept {
  if (client.input_ended || client.is_doomed || client.held_back) return false;
  return client.finishing || behaviour_->is_shared() || !client.has_queue();
}

bool Hub::sends(const HubClient& client) noexcept {
  return client.has_queue() || (client.wants_output && !client.finishing) || (client.finishing && !client.finished);
}

std::uint32_t Hub::wanted_events(const HubClient& client) const noexcept {
  return (reads(client) ? to_events(client.receive_want) : 0) | (sends(client) ? to_events(client.send_want) : 0);
}

void Hub::register_events(HubClient& client) {
  if (client.is_doomed) return;
  const std::uint32_t events = wanted_events(client);
  if (events == client.events) return;
  client.events = events;
  if (auto changed = events_.change(client.socket.get(), events, to_key(client)); !changed) {
    fail(client, changed.error().code);
  }
}

std::size_t Hub::send_some(HubClient& client, std::span<const std::byte> bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const Attempt attempt = client.transport->send(bytes.subspan(sent));
    client.send_want = attempt.want == Want::nothing ? Want::writable : attempt.want;
    if (attempt.error) fail(client, attempt.error);
    if (attempt.error || attempt.want != Want::nothing) break;
    sent += attempt.bytes;
  }
  if (sent > 0) {
    client.traffic.sent_bytes += sent;
    note_activity(client);
  }
  return sent;
}

// Each at most once a turn.
void Hub::read_buffered() {
  for (std::size_t left = buffered_.size(); left > 0 && !buffered_.empty(); --left) {
    HubClient& client = buffered_.front();
    buffered_.remove(client.buffered);
    if (client.is_doomed) continue;
    if (reads(client)) pull(client);
    register_events(client);
  }
}

void Hub::note_activity(HubClient& client) {
  if (options_.idle_timeout > Duration()) idle_.touch(client, client.idle, now_);
}

void Hub::expire() {
  while (full_.deadline() <= now_) {
    HubClient& client = full_.front();
    client.is_laggard = true;
    stop_waiting_for(client);
  }
  while (stuck_.deadline() <= now_) {
    HubClient& client = stuck_.front();
    stuck_.remove(client.stuck);
    client.aborts = true;
    doom(client, CloseReason::connection_failed, std::make_error_code(std::errc::timed_out));
  }
  while (lingering_.deadline() <= now_) {
    HubClient& client = lingering_.front();
    lingering_.remove(client.lingering);
    doom(client, CloseReason::finished);
  }
  while (idle_.deadline() <= now_) {
    HubClient& client = idle_.front();
    idle_.remove(client.idle);
    doom(client, CloseReason::idle, make_error_code(Errc::timed_out));
  }
}

void Hub::finish(HubClient& client) {
  client.finishing = true;
  if (!client.has_queue()) send_fin(client);
}

// The first reason is the one that counts.
void Hub::doom(HubClient& client, CloseReason reason, std::error_code error) {
  if (std::exchange(client.is_doomed, true)) return;
  client.reason = reason;
  client.error = error;
  doomed_.push_back(&client);
}

void Hub::fail(HubClient& client, std::error_code error) {
  if (client.transport->has_reset()) return doom(client, CloseReason::reset_on_purpose);
  if (behaviour_->ends_by_reset() && is_reset(error)) return doom(client, CloseReason::finished);
  doom(client, CloseReason::connection_failed, error);
}

// Whoever hears that one has left may turn out to have left as well.
Result<void> Hub::settle() {
  while (!doomed_.empty()) {
    HubClient& client = *doomed_.back();
    doomed_.pop_back();
    leave_queues(client);
    clients_.back()->index = client.index;
    std::swap(clients_[client.index], clients_.back());
    gone_.push_back(std::move(clients_.back()));
    clients_.pop_back();
    report_closed(client);
    behaviour_->on_left(*this, client);
  }
  gone_.clear();
  if (full_.empty()) resume();
  if (!doomed_.empty()) return settle();  // somebody could not be watched any more
  return set_alarm();
}

// An alarm that is too early is harmless: deadlines move with every byte, and the timer only when it would be late.
Result<void> Hub::set_alarm() {
  const MonotonicTime next =
      buffered_.empty() ? std::min({full_.deadline(), stuck_.deadline(), lingering_.deadline(), idle_.deadline()})
                        : now_;
  if (next >= alarm_) return {};
  alarm_ = next;
  return events_.wake_at(next);
}

void Hub::leave_queues(HubClient& client) {
  idle_.remove(client.idle);
  stuck_.remove(client.stuck);
  full_.remove(client.full);
  lingering_.remove(client.lingering);
  held_back_.remove(client.held_back);
  buffered_.remove(client.buffered);
}

void Hub::report_closed(HubClient& client) {
  Closed closed;
  closed.id = client.id;
  closed.addresses = client.addresses;
  closed.reason = client.reason;
  if (client.error) closed.error = explain(client);
  closed.traffic = client.traffic;
  closed.duration = now_ - client.started;
  if (observer_.wants_statistics()) closed.statistics = read_tcp_statistics(client.socket.get());
  if (client.aborts) set_abort(client.socket.get());
  client.transport.reset();
  client.socket.reset();
  observer_.on_closed(closed);
  left_(closed);
}

void Hub::close_all(CloseReason reason) {
  now_ = clock_.now();
  for (const auto& client : clients_) {
    client->reason = reason;
    leave_queues(*client);
    report_closed(*client);
  }
  clients_.clear();
}

Error Hub::explain(const HubClient& client) {
  const std::string who = to_string(client.addresses.remote);
  if (client.reason == CloseReason::idle) return {client.error, who, "idle for too long", {}};
  if (client.aborts) return {client.error, who, "takes nothing any more and was dropped", {}};
  if (is_reset(client.error)) return {client.error, "connection with " + who, "the peer reset the connection", {}};
  return {client.error, "connection with " + who, {}, {}};
}

}  // namespace tcp::stream
