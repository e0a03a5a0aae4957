// SPDX-License-Identifier: MIT
// Joins a channel with the local end until both directions have ended.
//
// Each direction ends by itself: the end of the local input becomes a FIN and receiving goes on; the peer's FIN becomes
// the end of the local output and sending goes on until the local input ends. A reset ends both, after what had arrived
// before it was written. Nothing counts as sent well before the peer's TCP has acknowledged it.
#pragma once

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/local_end.hpp"
#include "libtcp/stream/mover.hpp"
#include "libtcp/stream/relay_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

struct RelayEnd {
  CloseReason reason = CloseReason::finished;
  std::error_code error;
};

class Relay {
 public:
  // All references must outlive the relay; `traffic` is counted up as bytes move.
  Relay(const Executor& executor, Channel& channel, LocalEnd& local, const RelayOptions& options, const Clock& clock,
        Traffic& traffic);

  [[nodiscard]] Awaitable<RelayEnd> run();

 private:
  // How one direction ended. Trivial, so that it is safe beside co_await.
  struct Flow {
    Step step = Step::ended;  // ended, input_failed, output_failed, or unsupported
    std::error_code error;
  };

  void start(Awaitable<void> task);
  [[nodiscard]] Awaitable<void> count_task(Awaitable<void> task);
  [[nodiscard]] Awaitable<void> send_direction();
  [[nodiscard]] Awaitable<void> receive_direction();
  [[nodiscard]] Awaitable<void> watch_idle();
  [[nodiscard]] Awaitable<void> watch_output();

  [[nodiscard]] Awaitable<Flow> send_all();
  [[nodiscard]] Awaitable<Flow> receive_all();
  [[nodiscard]] Awaitable<Flow> move_all(Mover& mover, ReadyFd& input, ReadyFd& output, std::uint64_t& counter);
  [[nodiscard]] Awaitable<Flow> copy_to_channel();
  [[nodiscard]] Awaitable<Flow> copy_from_channel();
  [[nodiscard]] Awaitable<Flow> discard_from_channel();
  [[nodiscard]] Awaitable<IoResult> read_input(std::span<std::byte> buffer);
  [[nodiscard]] Awaitable<IoResult> write_output(std::span<const std::byte> bytes);

  // False when the direction is to end: cancelled, or no input at hand after the peer's end was to be the end of it
  // all.
  [[nodiscard]] Awaitable<bool> wait_readable(ReadyFd& input);
  [[nodiscard]] Awaitable<bool> wait_writable(ReadyFd& output);
  [[nodiscard]] Awaitable<bool> wait_either(ReadyFd& input, ReadyFd& output);
  [[nodiscard]] Awaitable<bool> wait_after(Step step, ReadyFd& input, ReadyFd& output);
  [[nodiscard]] Awaitable<bool> give_way();

  [[nodiscard]] bool sends() const noexcept { return options_.direction != Direction::receive_only; }
  [[nodiscard]] bool discards() const noexcept { return options_.direction == Direction::send_only; }
  [[nodiscard]] Awaitable<void> finish_sending();
  void count(std::uint64_t& counter, std::size_t bytes);
  void end(CloseReason reason, std::error_code error) noexcept;
  void cancel_all() noexcept;
  void end_watches() noexcept;

  Executor executor_;
  Channel& channel_;
  LocalEnd& local_;
  const RelayOptions& options_;
  const Clock& clock_;
  Traffic& traffic_;

  Timer idle_;
  Timer all_done_;  // never expires: cancelled when the last task is done
  MonotonicTime last_activity_;
  unsigned tasks_ = 0;
  bool sending_ = false;
  bool receiving_ = false;
  bool finishing_ = false;  // the peer has ended; so do we as soon as no input is at hand
  bool stopping_ = false;
  RelayEnd end_;
};

}  // namespace tcp::stream
