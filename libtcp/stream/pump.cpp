// SPDX-License-Identifier: MIT
#include "libtcp/stream/pump.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tcp::stream {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{128} * 1024;
constexpr unsigned kStepsAtATime = 16;    // then the other direction, timers and signals have their turn
constexpr std::size_t kShortStep = 4096;  // less than this at a time is a dialogue: nothing more is there yet

// Descriptors that can make us wait.
bool is_waited_for(DescriptorKind kind) { return kind == DescriptorKind::pipe || kind == DescriptorKind::socket; }

}  // namespace

Awaitable<PumpEnd> Pump::run() {
  PumpEnd end;
  if (from_.has_ended()) co_return end;
  bool moved = false;
  while (!moved) {
    copies_ = may_move();
    if (copies_) moved = co_await move_all(end);
    if (!moved) moved = co_await copy_all(end);
  }
  if (left_ == 0) end.status = PumpStatus::bound_reached;
  if (stopping_) end.status = PumpStatus::stopped;
  if (end.status == PumpStatus::ended && !finishing_) from_.note_end();
  co_return end;
}

bool Pump::may_move() const noexcept { return !parts_.need_memory() && from_.is_transparent() && to_.is_transparent(); }

// Reads a message and writes it, again and again, until one is as long as the buffer, only a part of one is taken, or
// there is no next one. Its handler is called with that last step, uncounted.
template <class Handler>
struct Pump::Talk {
  Pump* pump;
  ReadyFd* input;
  int output;
  Handler handler;

  void read() {
    Pump& own = *pump;
    ReadyFd& ready = *input;
    const std::size_t most = std::min<std::uint64_t>(own.message_.size(), own.left_);
    ready.read(std::span(own.message_).first(most), std::move(*this));
  }

  void operator()(std::error_code error, std::size_t bytes) {
    if (bytes == 0) return std::move(handler)(without_bytes(error));
    pump->unsent_ = std::span(pump->message_).first(bytes);
    const StepResult result = pump->write_message(output);
    const bool goes_on = pump->unsent_.empty() && bytes < pump->message_.size() && bytes < pump->left_;
    if (result.step != Step::moved || !goes_on || pump->stopping_ || pump->finishing_) {
      return std::move(handler)(result);
    }
    pump->count(bytes);
    read();
  }

  static StepResult without_bytes(std::error_code error) {
    if (error == asio::error::eof) return {Step::ended, 0, 0};
    if (error == asio::error::operation_aborted) return {Step::moved, 0, 0};
    return {Step::input_failed, 0, error.value()};
  }
};

StepResult Pump::write_message(int output) {
  ssize_t sent = 0;
  do {
    sent = ::write(output, unsent_.data(), unsent_.size());
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno == EAGAIN) return {Step::moved, 0, 0};
  if (sent < 0) return {Step::output_failed, 0, errno};
  unsent_ = unsent_.subspan(static_cast<std::size_t>(sent));
  return {Step::moved, static_cast<std::size_t>(sent), 0};
}

Awaitable<StepResult> Pump::talk(ReadyFd& input, int output) {
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(StepResult)>(
      [this, &input, output](auto&& handler) {
        Talk<std::decay_t<decltype(handler)>>{this, &input, output, std::forward<decltype(handler)>(handler)}.read();
      },
      asio::use_awaitable_t<Executor>());
}

// A few bytes are cheaper to copy than to hand over, and the call that waits for them is the one that reads them.
Awaitable<StepResult> Pump::converse(RawEnd source, RawEnd sink) {
  message_.resize(kShortStep);
  StepResult result = co_await talk(*source.ready, sink.ready->get());
  while (result.step == Step::moved && !unsent_.empty() && !stopping_) {
    const IoResult sent = co_await to_.send(unsent_);
    if (!sent && stopping_) break;
    if (!sent) {
      count(result.bytes);
      co_return StepResult(Step::output_failed, 0, sent.error().value());
    }
    unsent_ = unsent_.subspan(*sent);
    result.bytes += *sent;
  }
  co_return result;
}

bool Pump::is_dialogue(const StepResult& result, const Mover& mover) const noexcept {
  return result.step == Step::moved && result.bytes < kShortStep && !finishing_ && mover.is_empty();
}

void Pump::count(std::size_t moved) {
  meter_.count(moved);
  left_ -= moved;
}

// False when the kernel cannot move between these two, or not any more; a copying loop then goes on where it stopped.
Awaitable<bool> Pump::move_all(PumpEnd& end) {
  const RawEnd source = from_.source();
  const RawEnd sink = to_.sink();
  if (source.ready == nullptr || sink.ready == nullptr) co_return false;
  const auto mover = make_mover({source.ready->get(), source.kind}, {sink.ready->get(), sink.kind});
  if (!mover) co_return false;
  const bool may_converse = parts_.limiter == nullptr && is_waited_for(source.kind);
  bool go_on = true;
  bool converses = false;
  while (go_on && !stopping_ && left_ > 0) {
    std::uint64_t most = left_;
    if (parts_.limiter != nullptr) {
      go_on = co_await wait_turn();
      if (!go_on) break;
      most = std::min(most, parts_.limiter->allowance(clock_.now()));
    }
    StepResult result;
    if (converses) {
      result = co_await converse(source, sink);
    } else {
      result = mover->step(most);
    }
    converses = may_converse && is_dialogue(result, *mover);
    switch (result.step) {
      case Step::moved:
        count(result.bytes);
        if (parts_.limiter != nullptr) parts_.limiter->spend(result.bytes, clock_.now());
        if (!converses && ++steps_ % kStepsAtATime == 0) go_on = co_await give_way();
        break;
      case Step::blocked:
      case Step::input_blocked:
      case Step::output_blocked: go_on = co_await wait_after(result.step, *source.ready, *sink.ready); break;
      case Step::ended: co_return true;
      case Step::unsupported: co_return false;
      case Step::input_failed:
      case Step::output_failed:
        if (result.error_number == EPIPE && to_.is_dedicated()) co_return false;
        end.status = result.step == Step::input_failed ? PumpStatus::input_failed : PumpStatus::output_failed;
        end.error = std::error_code(result.error_number, std::generic_category());
        co_return true;
    }
  }
  co_return true;
}

// False when the kernel may take over.
Awaitable<bool> Pump::copy_all(PumpEnd& end) {
  std::vector<std::byte> memory(kBufferBytes);
  while (!stopping_ && left_ > 0) {
    if (!copies_ && may_move()) co_return false;
    const std::span<std::byte> buffer = std::span(memory).first(std::min<std::uint64_t>(memory.size(), left_));
    const IoResult got = co_await from_.receive(buffer);
    if (!got && !is_over(got.error())) end = {PumpStatus::input_failed, got.error()};
    if (!got || *got == 0) co_return true;
    const std::span<const std::byte> bytes = buffer.first(*got);
    if (parts_.input_tap != nullptr) parts_.input_tap->on_bytes(Way::received, bytes);
    const std::span<const std::byte> changed = filtered(bytes);
    const std::error_code error = co_await send_all(changed);
    if (error && !stopping_) end = {PumpStatus::output_failed, error};
    if (error) co_return true;
    left_ -= *got;
    if (to_.has_enough()) {
      end.status = PumpStatus::bound_reached;
      co_return true;
    }
    bool go_on = true;
    if (*got >= kShortStep || ++steps_ % kStepsAtATime == 0) go_on = co_await give_way();
    if (!go_on) co_return true;
  }
  co_return true;
}

std::span<const std::byte> Pump::filtered(std::span<const std::byte> bytes) {
  if (parts_.filter == nullptr) return bytes;
  filtered_.clear();
  parts_.filter->apply(bytes, filtered_);
  return filtered_;
}

Awaitable<std::error_code> Pump::send_all(std::span<const std::byte> bytes) {
  while (!bytes.empty() && !to_.has_enough()) {
    const bool go_on = co_await wait_turn();
    if (!go_on) co_return asio::error::make_error_code(asio::error::operation_aborted);
    const std::span<const std::byte> piece = next_piece(bytes);
    const IoResult sent = co_await to_.send(piece);
    if (!sent) co_return sent.error();
    account(piece.first(*sent));
    bytes = bytes.subspan(*sent);
  }
  co_return std::error_code();
}

std::span<const std::byte> Pump::next_piece(std::span<const std::byte> bytes) const {
  if (parts_.pacer != nullptr) bytes = LinePacer::piece(bytes);
  if (parts_.limiter == nullptr) return bytes;
  const std::uint64_t most = std::max<std::uint64_t>(parts_.limiter->allowance(clock_.now()), 1);
  return bytes.first(std::min<std::uint64_t>(bytes.size(), most));
}

void Pump::account(std::span<const std::byte> sent) {
  meter_.count(sent.size());
  if (parts_.output_tap != nullptr) parts_.output_tap->on_bytes(Way::sent, sent);
  if (parts_.limiter != nullptr) parts_.limiter->spend(sent.size(), clock_.now());
  if (parts_.pacer != nullptr) parts_.pacer->sent(sent, clock_.now());
}

// A wait that was ended on purpose is no failure.
bool Pump::is_over(std::error_code error) const noexcept {
  return stopping_ || (finishing_ && error == asio::error::operation_aborted);
}

Awaitable<bool> Pump::wait_readable(ReadyFd& input) {
  if (stopping_ || finishing_) co_return false;
  const std::error_code error = co_await input.readable();
  co_return !stopping_ && (!error || finishing_);
}

Awaitable<bool> Pump::wait_writable(ReadyFd& output) {
  if (stopping_) co_return false;
  const std::error_code error = co_await output.writable();
  co_return !error && !stopping_;
}

// EAGAIN of splice(2) does not say whose: ask, and wait for the one that is not ready.
Awaitable<bool> Pump::wait_either(ReadyFd& input, ReadyFd& output) {
  std::array<pollfd, 2> entries{{{input.get(), POLLIN, 0}, {output.get(), POLLOUT, 0}}};
  ::poll(entries.data(), entries.size(), 0);
  bool go_on = true;
  if (entries[0].revents == 0) {
    go_on = co_await wait_readable(input);
  } else if (entries[1].revents == 0) {
    go_on = co_await wait_writable(output);
  } else {
    go_on = co_await give_way();
  }
  co_return go_on;
}

Awaitable<bool> Pump::wait_after(Step step, ReadyFd& input, ReadyFd& output) {
  if (step == Step::input_blocked) return wait_readable(input);
  if (step == Step::output_blocked) return wait_writable(output);
  return wait_either(input, output);
}

Awaitable<bool> Pump::wait_until(MonotonicTime when) {
  while (!stopping_ && clock_.now() < when) {
    co_await pause_.wait_until(when);
  }
  co_return !stopping_;
}

Awaitable<bool> Pump::wait_turn() {
  MonotonicTime when = MonotonicTime::min();
  if (parts_.pacer != nullptr) when = parts_.pacer->ready_at();
  if (parts_.limiter != nullptr) when = std::max(when, parts_.limiter->ready_at());
  if (when == MonotonicTime::min()) co_return !stopping_;
  const bool go_on = co_await wait_until(when);
  co_return go_on;
}

Awaitable<bool> Pump::give_way() {
  co_await asio::post(executor_, kToken);
  co_return !stopping_;
}

}  // namespace tcp::stream
