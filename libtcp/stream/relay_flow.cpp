// SPDX-License-Identifier: MIT
// The hot path of the relay: one direction's bytes, by the kernel where it can and through a large buffer where not.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "libtcp/stream/relay.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{128} * 1024;
constexpr unsigned kStepsAtATime = 16;  // then the other direction, timers and signals have their turn

std::error_code last_error() { return {errno, std::generic_category()}; }

}  // namespace

Awaitable<Relay::Flow> Relay::send_all() {
  Flow flow{Step::unsupported, {}};
  if (local_.input_ended) flow.step = Step::ended;
  std::unique_ptr<Mover> mover;
  ReadyFd* plain = channel_.plain();
  if (plain != nullptr && !local_.input_ended) {
    mover = make_mover({local_.input.get(), local_.input.kind()}, {plain->get(), DescriptorKind::socket});
  }
  if (mover) flow = co_await move_all(*mover, local_.input.ready(), *plain, traffic_.sent_bytes);
  if (flow.step == Step::unsupported) flow = co_await copy_to_channel();
  if (flow.step == Step::ended && !finishing_ && !stopping_) local_.input_ended = true;
  co_return flow;
}

Awaitable<Relay::Flow> Relay::receive_all() {
  Flow flow{Step::unsupported, {}};
  std::unique_ptr<Mover> mover;
  ReadyFd* plain = channel_.plain();
  if (discards()) {
    flow = co_await discard_from_channel();
    co_return flow;
  }
  if (plain != nullptr) {
    mover = make_mover({plain->get(), DescriptorKind::socket}, {local_.output.get(), local_.output.kind()});
  }
  if (mover) flow = co_await move_all(*mover, *plain, local_.output.ready(), traffic_.received_bytes);
  if (flow.step == Step::unsupported) flow = co_await copy_from_channel();
  co_return flow;
}

Awaitable<Relay::Flow> Relay::move_all(Mover& mover, ReadyFd& input, ReadyFd& output, std::uint64_t& counter) {
  Flow flow;
  unsigned steps = 0;
  bool go_on = true;
  while (go_on && !stopping_) {
    const StepResult result = mover.step();
    switch (result.step) {
      case Step::moved:
        count(counter, result.bytes);
        if (++steps % kStepsAtATime == 0) go_on = co_await give_way();
        break;
      case Step::blocked:
      case Step::input_blocked:
      case Step::output_blocked: go_on = co_await wait_after(result.step, input, output); break;
      default:
        flow.step = result.step;
        flow.error = std::error_code(result.error_number, std::generic_category());
        co_return flow;
    }
  }
  co_return flow;
}

Awaitable<Relay::Flow> Relay::copy_to_channel() {
  Flow flow;
  std::vector<std::byte> memory(kBufferBytes);
  const std::span<std::byte> buffer(memory);
  while (!stopping_) {
    const IoResult got = co_await read_input(buffer);
    if (!got) {
      flow.step = Step::input_failed;
      flow.error = got.error();
      break;
    }
    if (*got == 0) break;
    const std::span<const std::byte> bytes = buffer.first(*got);
    const IoResult sent = co_await channel_.send(bytes);
    if (!sent) {
      flow.step = Step::output_failed;
      flow.error = sent.error();
      break;
    }
    count(traffic_.sent_bytes, *sent);
    if (!co_await give_way()) break;
  }
  co_return flow;
}

Awaitable<Relay::Flow> Relay::copy_from_channel() {
  Flow flow;
  std::vector<std::byte> memory(kBufferBytes);
  const std::span<std::byte> buffer(memory);
  while (!stopping_) {
    const IoResult got = co_await channel_.receive(buffer);
    if (!got) {
      flow.step = Step::input_failed;
      flow.error = got.error();
      break;
    }
    if (*got == 0) break;
    const std::span<const std::byte> bytes = buffer.first(*got);
    const IoResult written = co_await write_output(bytes);
    if (!written) {
      flow.step = Step::output_failed;
      flow.error = written.error();
      break;
    }
    if (!co_await give_way()) break;
  }
  co_return flow;
}

Awaitable<Relay::Flow> Relay::discard_from_channel() {
  Flow flow;
  std::vector<std::byte> memory(kBufferBytes);
  const std::span<std::byte> buffer(memory);
  while (!stopping_) {
    const IoResult got = co_await channel_.receive(buffer);
    if (got && *got == 0) break;
    if (!got) {
      flow.step = Step::input_failed;
      flow.error = got.error();
      break;
    }
    if (!co_await give_way()) break;
  }
  co_return flow;
}

// 0 at the end of the input, or when the direction is to end. A terminal that hung up reads as EIO: an end like any.
Awaitable<IoResult> Relay::read_input(std::span<std::byte> buffer) {
  for (;;) {
    const ssize_t bytes = ::read(local_.input.get(), buffer.data(), buffer.size());
    if (bytes >= 0) co_return static_cast<std::size_t>(bytes);
    if (errno == EINTR) continue;
    if (errno == EIO && local_.input.kind() == DescriptorKind::terminal) co_return std::size_t{0};
    if (errno != EAGAIN) co_return std::unexpected(last_error());
    if (!co_await wait_readable(local_.input.ready())) co_return std::size_t{0};
  }
}

Awaitable<IoResult> Relay::write_output(std::span<const std::byte> bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t some = ::write(local_.output.get(), bytes.data() + written, bytes.size() - written);
    if (some >= 0) {
      written += static_cast<std::size_t>(some);
      count(traffic_.received_bytes, static_cast<std::size_t>(some));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return std::unexpected(last_error());
    if (!co_await wait_writable(local_.output.ready())) break;
  }
  co_return written;
}

Awaitable<bool> Relay::wait_readable(ReadyFd& input) {
  if (stopping_ || (finishing_ && &input == &local_.input.ready())) co_return false;
  const std::error_code error = co_await input.readable();
  co_return !error && !stopping_;
}

Awaitable<bool> Relay::wait_writable(ReadyFd& output) {
  if (stopping_) co_return false;
  const std::error_code error = co_await output.writable();
  co_return !error && !stopping_;
}

// EAGAIN of splice(2) does not say whose: ask, and wait for the one that is not ready.
Awaitable<bool> Relay::wait_either(ReadyFd& input, ReadyFd& output) {
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

Awaitable<bool> Relay::wait_after(Step step, ReadyFd& input, ReadyFd& output) {
  if (step == Step::input_blocked) return wait_readable(input);
  if (step == Step::output_blocked) return wait_writable(output);
  return wait_either(input, output);
}

Awaitable<bool> Relay::give_way() {
  co_await asio::post(executor_, kToken);
  co_return !stopping_;
}

}  // namespace tcp::stream
