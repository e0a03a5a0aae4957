// SPDX-License-Identifier: MIT
#include "libtcp/stream/relay.hpp"

#include <poll.h>

namespace tcp::stream {
namespace {

// The connection is gone; what had arrived before can still be read, and then its end.
bool is_gone(std::error_code error) {
  return error == std::errc::connection_reset || error == std::errc::broken_pipe || error == std::errc::timed_out;
}

bool is_broken(int fd) {
  pollfd entry{fd, 0, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLERR) != 0;
}

}  // namespace

Relay::Relay(const Executor& executor, Channel& channel, LocalEnd& local, const RelayOptions& options,
             const Clock& clock, Traffic& traffic)
    : executor_(executor),
      channel_(channel),
      local_(local),
      options_(options),
      clock_(clock),
      traffic_(traffic),
      idle_(executor),
      all_done_(executor, Timer::time_point::max()),
      last_activity_(clock.now()) {}

Awaitable<RelayEnd> Relay::run() {
  sending_ = sends();
  receiving_ = true;
  if (sending_) start(send_direction());
  start(receive_direction());
  if (options_.idle_timeout > Duration()) start(watch_idle());
  if (local_.output.kind() == DescriptorKind::pipe && !discards()) start(watch_output());
  while (tasks_ > 0) {
    auto [ignored] = co_await all_done_.async_wait(kToken);
    (void)ignored;
  }
  if (end_.reason == CloseReason::finished && sends()) {
    const std::error_code error = co_await channel_.confirm_delivery(options_.delivery_patience);
    if (error) end(CloseReason::connection_failed, error);
  }
  co_return end_;
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
  const Flow flow = co_await send_all();
  sending_ = false;
  if (stopping_) co_return;
  if (flow.step == Step::ended) co_await finish_sending();
  if (flow.step == Step::input_failed) {
    end(CloseReason::input_failed, flow.error);
    cancel_all();
  }
  if (flow.step == Step::output_failed) {
    end(CloseReason::connection_failed, flow.error);
    if (!is_gone(flow.error)) cancel_all();
  }
  if (!receiving_) end_watches();
}

// When nothing is to be received, the peer's end is not waited for; that it has everything, is.
Awaitable<void> Relay::finish_sending() {
  std::error_code error = co_await channel_.finish_sending();
  if (!error && discards()) error = co_await channel_.confirm_delivery(options_.delivery_patience);
  if (error && !stopping_) end(CloseReason::connection_failed, error);
  if (error || discards()) cancel_all();
}

Awaitable<void> Relay::receive_direction() {
  const Flow flow = co_await receive_all();
  receiving_ = false;
  if (stopping_) co_return;
  if (flow.step == Step::ended) {
    if (options_.close_output && !discards()) local_.output.end_output();
    if (options_.finish_at_remote_end) {
      finishing_ = true;
      local_.input.ready().cancel();
    }
  } else {
    end(flow.step == Step::output_failed ? CloseReason::output_failed : CloseReason::connection_failed, flow.error);
    cancel_all();
  }
  if (!sending_) end_watches();
}

Awaitable<void> Relay::watch_idle() {
  while (!stopping_ && (sending_ || receiving_)) {
    const MonotonicTime deadline = last_activity_ + options_.idle_timeout;
    if (clock_.now() >= deadline) {
      end(CloseReason::idle, std::make_error_code(std::errc::timed_out));
      cancel_all();
      co_return;
    }
    idle_.expires_at(deadline);
    auto [ignored] = co_await idle_.async_wait(kToken);
    (void)ignored;
  }
}

// A reader that goes away is noticed at once, not with the next byte that happens to arrive.
Awaitable<void> Relay::watch_output() {
  if (stopping_ || !receiving_) co_return;  // over before this task had its first turn
  const std::error_code error = co_await local_.output.ready().broken();
  if (error || stopping_ || !receiving_ || !is_broken(local_.output.get())) co_return;
  end(CloseReason::output_failed, std::make_error_code(std::errc::broken_pipe));
  cancel_all();
}

void Relay::count(std::uint64_t& counter, std::size_t bytes) {
  counter += bytes;
  last_activity_ = clock_.now();
}

// The first reason is the one that counts; what follows is its consequence.
void Relay::end(CloseReason reason, std::error_code error) noexcept {
  if (end_.reason == CloseReason::finished) end_ = RelayEnd{reason, error};
}

void Relay::cancel_all() noexcept {
  stopping_ = true;
  local_.input.ready().cancel();
  channel_.cancel();
  end_watches();
}

void Relay::end_watches() noexcept {
  idle_.cancel();
  local_.output.ready().cancel();
}

}  // namespace tcp::stream
