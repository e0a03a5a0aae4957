// SPDX-License-Identifier: MIT
#include "libtcp/stream/relay.hpp"

#include <poll.h>

#include <algorithm>
#include <vector>

#include "libtcp/stream/socket.hpp"
#include "libtcp/stream/tls_error.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kDiscardBytes = 16384;
// A peer that is still sending while nobody reads any more is heard out for so long, since closing earlier resets the
// connection and may cost it what it has not read yet.
constexpr std::chrono::seconds kLingerQuiet{1};
constexpr std::chrono::seconds kLongestLinger{30};
// For a dedicated end to take what had arrived before a reset.
constexpr std::chrono::seconds kResetGrace{1};

// A local end that has waited for too long is none that cannot be read.
CloseReason input_reason(std::error_code error) {
  return error == make_error_code(Errc::timed_out) ? CloseReason::expectation_failed : CloseReason::input_failed;
}

bool is_broken(int fd) {
  pollfd entry{fd, 0, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLERR) != 0;
}

}  // namespace

Relay::Relay(const Executor& executor, Channel& channel, End& local, const RelayOptions& options, const Clock& clock,
             Traffic& traffic, RelayWatch watch)
    : executor_(executor),
      channel_(channel),
      local_(local),
      options_(options),
      clock_(clock),
      traffic_(traffic),
      watch_(std::move(watch)),
      idle_(executor),
      reset_grace_(executor),
      linger_(executor),
      after_end_(executor),
      progress_(executor),
      all_done_(executor, Timer::time_point::max()),
      last_activity_(clock.now()),
      sender_(executor, local, channel, Meter(clock, traffic.sent_bytes, last_activity_), clock, sender_parts()),
      receiver_(executor, channel, local, Meter(clock, traffic.received_bytes, last_activity_), clock,
                receiver_parts()) {}

std::unique_ptr<RateLimiter> Relay::make_limiter() const {
  if (options_.rate_bytes_per_s == 0) return nullptr;
  return std::make_unique<RateLimiter>(options_.rate_bytes_per_s, clock_.now());
}

PumpParts Relay::sender_parts() {
  if (options_.crlf) crlf_ = std::make_unique<CrlfFilter>();
  if (options_.line_delay > Duration()) pacer_ = std::make_unique<LinePacer>(options_.line_delay);
  send_limiter_ = make_limiter();
  PumpParts parts;
  parts.filter = crlf_.get();
  parts.pacer = pacer_.get();
  parts.limiter = send_limiter_.get();
  parts.output_tap = watch_.tap;
  return parts;
}

PumpParts Relay::receiver_parts() {
  receive_limiter_ = make_limiter();
  PumpParts parts;
  parts.limiter = receive_limiter_.get();
  if (options_.until_bytes) parts.bound = *options_.until_bytes;
  parts.input_tap = watch_.tap;
  return parts;
}

Awaitable<RelayEnd> Relay::run() {
  local_.set_waiting(true);
  sending_ = sends();
  receiving_ = true;
  if (sending_) start(send_direction());
  start(discards() ? discard_direction() : receive_direction());
  if (options_.idle_timeout > Duration()) start(watch_idle());
  if (local_.is_dedicated()) start(watch_connection());
  if (watch_.on_progress && options_.progress_interval > Duration()) start(watch_progress());
  const RawEnd sink = local_.sink();
  if (sink.ready != nullptr && sink.kind == DescriptorKind::pipe && !discards()) start(watch_output());
  while (tasks_ > 0) {
    auto [ignored] = co_await all_done_.async_wait(kToken);
    (void)ignored;
  }
  if (end_.reason == CloseReason::finished) co_await end_connection();
  if (end_.reason == CloseReason::connection_failed) local_.abort();
  if (end_.reason == CloseReason::input_failed || end_.reason == CloseReason::output_failed) channel_.abort();
  co_return end_;
}

// What has been sent is waited for. Where nothing was, and nothing is unread, closing does the rest; a dedicated end
// may keep the connection for longer.
Awaitable<void> Relay::end_connection() {
  const bool closing_is_enough = peer_has_ended_ && channel_.ends_with_its_socket() && !local_.is_dedicated();
  if (!sends() && !closing_is_enough) (void)co_await channel_.finish_sending();
  if (!sends() || has_enough_ || traffic_.sent_bytes == 0) co_return;
  const std::error_code error = co_await channel_.confirm_delivery(options_.delivery_patience);
  if (error) end(CloseReason::connection_failed, error);
}

void Relay::start(Awaitable<void> task) {
  ++tasks_;
  asio::co_spawn(executor_, count_task(std::move(task)), asio::detached);
}

Awaitable<void> Relay::count_task(Awaitable<void> task) {
  co_await std::move(task);
  if (--tasks_ == 0) all_done_.cancel();
}

Awaitable<void> Relay::send_direction() {
  const PumpEnd pumped = co_await sender_.run();
  if (!stopping_ && pumped.status == PumpStatus::ended) co_await finish_sending();
  sending_ = false;
  if (stopping_) co_return;
  if (local_.has_enough()) {
    co_await enough_received();
    co_return;
  }
  if (pumped.status == PumpStatus::input_failed) {
    end(input_reason(pumped.error), pumped.error);
    cancel_all();
  }
  if (pumped.status == PumpStatus::output_failed) {
    end(CloseReason::connection_failed, pumped.error);
    if (!is_gone(pumped.error)) cancel_all();
  }
  linger_if_unread();
  if (!receiving_) end_watches();
}

// When nothing is to be received, the peer's end is not waited for; that it has everything, is.
Awaitable<void> Relay::finish_sending() {
  std::error_code error = co_await channel_.finish_sending();
  if (!error && discards()) error = co_await channel_.confirm_delivery(options_.delivery_patience);
  if (error && !stopping_) end(CloseReason::connection_failed, error);
  if (!error && watch_.tap != nullptr) watch_.tap->on_end(Way::sent);
  if (error || discards()) cancel_all();
  if (!error && options_.quit_after && receiving_ && !stopping_) start(watch_after_end());
}

Awaitable<void> Relay::receive_direction() {
  const PumpEnd pumped = co_await receiver_.run();
  receiving_ = false;
  if (stopping_) co_return;
  peer_has_ended_ = pumped.status == PumpStatus::ended;
  if (pumped.status == PumpStatus::ended || pumped.status == PumpStatus::stopped) {
    co_await remote_end();
  } else if (pumped.status == PumpStatus::bound_reached) {
    co_await enough_received();
  } else {
    const bool output = pumped.status == PumpStatus::output_failed;
    end(output ? CloseReason::output_failed : CloseReason::connection_failed, pumped.error);
    cancel_all();
  }
  if (!sending_) end_watches();
}

// Waiting for more input has no use once the answer is known to be too short.
Awaitable<void> Relay::remote_end() {
  if (watch_.tap != nullptr) watch_.tap->on_end(Way::received);
  if (options_.close_output) co_await end_output();
  const CloseReason shortfall = options_.until_bytes ? CloseReason::incomplete : local_.shortfall();
  if (shortfall != CloseReason::finished) end(shortfall, make_error_code(Errc::not_found));
  if (options_.finish_at_remote_end || shortfall != CloseReason::finished) sender_.finish();
}

// Nothing is waited for any more, not even that the peer takes what it was sent: it may be waiting for us to read on.
Awaitable<void> Relay::enough_received() {
  if (options_.close_output) co_await end_output();
  has_enough_ = true;
  cancel_all();
}

Awaitable<void> Relay::end_output() {
  const std::error_code error = co_await local_.finish_sending();
  if (error && !stopping_) end(CloseReason::output_failed, error);
}

// What arrives is thrown away (it may as well be cut short), so that the peer is never stopped by a full window.
Awaitable<void> Relay::discard_direction() {
  std::vector<std::byte> memory(kDiscardBytes);
  const std::span<std::byte> buffer(memory);
  for (;;) {
    const IoResult got = co_await channel_.receive(buffer);
    if (stopping_ || (got && *got == 0) || (!got && got.error() == TlsErrc::truncated)) break;
    if (got) {
      if (watch_.tap != nullptr) watch_.tap->on_bytes(Way::received, buffer.first(*got));
      co_await asio::post(executor_, kToken);  // the other direction, timers and signals have their turn
      continue;
    }
    end(CloseReason::connection_failed, got.error());
    cancel_all();
    break;
  }
  receiving_ = false;
  if (!stopping_ && watch_.tap != nullptr) watch_.tap->on_end(Way::received);
  if (!stopping_ && options_.finish_at_remote_end) sender_.finish();
  if (!sending_) end_watches();
}

Awaitable<void> Relay::watch_idle() {
  while (is_running()) {
    const MonotonicTime deadline = last_activity_ + options_.idle_timeout;
    if (clock_.now() >= deadline) {
      end(CloseReason::idle, std::make_error_code(std::errc::timed_out));
      cancel_all();
      co_return;
    }
    co_await idle_.wait_until(deadline);
  }
}

// What the peer still has to say is not waited for any longer; that it has all of ours, is.
Awaitable<void> Relay::watch_after_end() {
  const MonotonicTime deadline = clock_.now() + *options_.quit_after;
  while (is_running() && clock_.now() < deadline) {
    co_await after_end_.wait_until(deadline);
  }
  if (!is_running()) co_return;
  if (options_.close_output) co_await end_output();
  cancel_all();
}

Awaitable<void> Relay::watch_progress() {
  while (is_running()) {
    const MonotonicTime next = clock_.now() + options_.progress_interval;
    co_await progress_.wait_until(next);
    if (is_running()) watch_.on_progress();
  }
}

// A reader that goes away is noticed at once, not with the next byte that happens to arrive.
Awaitable<void> Relay::watch_output() {
  if (stopping_ || !receiving_) co_return;  // over before this task had its first turn
  ReadyFd& output = *local_.sink().ready;
  const std::error_code error = co_await output.broken();
  if (error || stopping_ || !receiving_ || !is_broken(output.get())) co_return;
  if (local_.is_dedicated()) {
    unread_ = true;
    linger_if_unread();
    co_return;
  }
  end(CloseReason::output_failed, std::make_error_code(std::errc::broken_pipe));
  cancel_all();
}

// A peer that is gone while the local end neither takes nor gives anything is noticed too.
Awaitable<void> Relay::watch_connection() {
  if (stopping_) co_return;
  const std::error_code error = co_await channel_.broken();
  if (error || stopping_ || !is_broken(channel_.socket())) co_return;
  const MonotonicTime deadline = clock_.now() + kResetGrace;
  while (receiving_ && !stopping_ && clock_.now() < deadline) {
    co_await reset_grace_.wait_until(deadline);
  }
  if (stopping_ || (!sending_ && !receiving_)) co_return;
  end(CloseReason::connection_failed, std::make_error_code(std::errc::connection_reset));
  cancel_all();
}

void Relay::linger_if_unread() {
  if (unread_ && !sending_ && receiving_ && !stopping_) start(linger());
}

Awaitable<void> Relay::linger() {
  const MonotonicTime limit = clock_.now() + kLongestLinger;
  for (;;) {
    const MonotonicTime deadline = std::min(last_activity_ + kLingerQuiet, limit);
    if (!receiving_ || stopping_ || clock_.now() >= deadline) break;
    co_await linger_.wait_until(deadline);
  }
  if (!receiving_ || stopping_) co_return;
  receiver_.stop();
  channel_.cancel_receiving();
}

// The first reason is the one that counts; what follows is its consequence.
void Relay::end(CloseReason reason, std::error_code error) noexcept {
  if (end_.reason == CloseReason::finished) end_ = RelayEnd{reason, error};
}

void Relay::cancel_all() noexcept {
  stopping_ = true;
  sender_.stop();
  receiver_.stop();
  local_.cancel_receiving();
  channel_.cancel();
  end_watches();
}

void Relay::end_watches() noexcept {
  idle_.cancel();
  reset_grace_.cancel();
  linger_.cancel();
  after_end_.cancel();
  progress_.cancel();
  local_.cancel_sending();
  if (local_.is_dedicated()) channel_.cancel();
}

}  // namespace tcp::stream
