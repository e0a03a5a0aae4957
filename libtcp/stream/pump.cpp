// SPDX-License-Identifier: MIT
#include "libtcp/stream/pump.hpp"

#include <poll.h>

#include <array>
#include <vector>

namespace tcp::stream {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{128} * 1024;
constexpr unsigned kStepsAtATime = 16;  // then the other direction, timers and signals have their turn

}  // namespace

Awaitable<PumpEnd> Pump::run() {
  PumpEnd end;
  if (from_.has_ended()) co_return end;
  const bool moved = co_await move_all(end);
  if (!moved) co_await copy_all(end);
  if (stopping_) end.status = PumpStatus::stopped;
  if (end.status == PumpStatus::ended && !finishing_) from_.note_end();
  co_return end;
}

// False when the kernel cannot move between these two, or not any more; a copying loop then goes on where it stopped.
Awaitable<bool> Pump::move_all(PumpEnd& end) {
  const RawEnd source = from_.source();
  const RawEnd sink = to_.sink();
  if (source.ready == nullptr || sink.ready == nullptr) co_return false;
  const auto mover = make_mover({source.ready->get(), source.kind}, {sink.ready->get(), sink.kind});
  if (!mover) co_return false;
  unsigned steps = 0;
  bool go_on = true;
  while (go_on && !stopping_) {
    const StepResult result = mover->step();
    switch (result.step) {
      case Step::moved:
        meter_.count(result.bytes);
        if (++steps % kStepsAtATime == 0) go_on = co_await give_way();
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

Awaitable<void> Pump::copy_all(PumpEnd& end) {
  std::vector<std::byte> memory(kBufferBytes);
  const std::span<std::byte> buffer(memory);
  while (!stopping_) {
    const IoResult got = co_await from_.receive(buffer);
    if (!got && !is_over(got.error())) {
      end.status = PumpStatus::input_failed;
      end.error = got.error();
    }
    if (!got || *got == 0) co_return;
    const std::span<const std::byte> bytes = buffer.first(*got);
    const std::error_code error = co_await send_all(bytes);
    if (error && !stopping_) {
      end.status = PumpStatus::output_failed;
      end.error = error;
    }
    if (error) co_return;
    const bool go_on = co_await give_way();
    if (!go_on) co_return;
  }
}

Awaitable<std::error_code> Pump::send_all(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const IoResult sent = co_await to_.send(bytes);
    if (!sent) co_return sent.error();
    meter_.count(*sent);
    bytes = bytes.subspan(*sent);
  }
  co_return std::error_code();
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

Awaitable<bool> Pump::give_way() {
  co_await asio::post(executor_, kToken);
  co_return !stopping_;
}

}  // namespace tcp::stream
