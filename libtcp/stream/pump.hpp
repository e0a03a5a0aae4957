// SPDX-License-Identifier: MIT
// One direction of a relay: what one end gives goes to the other, by the kernel where it can and through a large buffer
// where not, or where somebody looks at the bytes or changes them.
#pragma once

#include <limits>
#include <system_error>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/end.hpp"
#include "libtcp/stream/filter.hpp"
#include "libtcp/stream/lazy_timer.hpp"
#include "libtcp/stream/line_pacer.hpp"
#include "libtcp/stream/meter.hpp"
#include "libtcp/stream/mover.hpp"
#include "libtcp/stream/rate_limiter.hpp"
#include "libtcp/stream/tap.hpp"

namespace tcp::stream {

enum class PumpStatus : std::uint8_t { ended, bound_reached, input_failed, output_failed, stopped };

// Trivial, so that it is safe beside co_await.
struct PumpEnd {
  PumpStatus status = PumpStatus::ended;
  std::error_code error;
};

// What stands in the way of the bytes, in this order. Borrowed; null: nothing.
struct PumpParts {
  std::uint64_t bound = std::numeric_limits<std::uint64_t>::max();  // of the input
  Tap* input_tap = nullptr;                                         // sees what was received
  Filter* filter = nullptr;
  LinePacer* pacer = nullptr;
  RateLimiter* limiter = nullptr;
  Tap* output_tap = nullptr;  // sees what was sent

  // Somebody needs the bytes themselves. A limited rate and a bound only need their number.
  [[nodiscard]] bool need_memory() const noexcept {
    return input_tap != nullptr || filter != nullptr || pacer != nullptr || output_tap != nullptr;
  }
};

class Pump {
 public:
  // The references must outlive it.
  Pump(Executor executor, End& from, End& to, Meter meter, const Clock& clock, const PumpParts& parts)
      : executor_(std::move(executor)),
        from_(from),
        to_(to),
        meter_(meter),
        clock_(clock),
        parts_(parts),
        left_(parts.bound),
        pause_(executor_) {}

  // Until `from` ends, the bound is reached, one of the two fails, or it is stopped. Does not end `to`.
  [[nodiscard]] Awaitable<PumpEnd> run();

  // Whoever calls it also ends the waits of the two ends.
  void stop() noexcept {
    stopping_ = true;
    pause_.cancel();
  }
  // It ends as soon as no input is at hand.
  void finish() noexcept {
    finishing_ = true;
    from_.set_waiting(false);
  }

 private:
  // The kernel may move the bytes by itself.
  [[nodiscard]] bool may_move() const noexcept;
  [[nodiscard]] Awaitable<bool> move_all(PumpEnd& end);
  [[nodiscard]] Awaitable<StepResult> converse(RawEnd source, RawEnd sink);
  [[nodiscard]] Awaitable<StepResult> talk(ReadyFd& input, int output);
  [[nodiscard]] StepResult write_message(int output);
  [[nodiscard]] bool is_dialogue(const StepResult& result, const Mover& mover) const noexcept;
  void count(std::size_t moved);
  [[nodiscard]] Awaitable<bool> copy_all(PumpEnd& end);
  [[nodiscard]] std::span<const std::byte> filtered(std::span<const std::byte> bytes);
  [[nodiscard]] Awaitable<std::error_code> send_all(std::span<const std::byte> bytes);
  [[nodiscard]] std::span<const std::byte> next_piece(std::span<const std::byte> bytes) const;
  void account(std::span<const std::byte> sent);

  // False when the direction is over.
  [[nodiscard]] Awaitable<bool> wait_readable(ReadyFd& input);
  [[nodiscard]] Awaitable<bool> wait_writable(ReadyFd& output);
  [[nodiscard]] Awaitable<bool> wait_either(ReadyFd& input, ReadyFd& output);
  [[nodiscard]] Awaitable<bool> wait_after(Step step, ReadyFd& input, ReadyFd& output);
  [[nodiscard]] Awaitable<bool> wait_until(MonotonicTime when);
  // Until the pacer and the limiter let a byte pass.
  [[nodiscard]] Awaitable<bool> wait_turn();
  [[nodiscard]] Awaitable<bool> give_way();
  [[nodiscard]] bool is_over(std::error_code error) const noexcept;

  Executor executor_;
  End& from_;
  End& to_;
  Meter meter_;
  const Clock& clock_;
  PumpParts parts_;
  std::uint64_t left_;  // of the bound
  LazyTimer pause_;
  std::vector<std::byte> filtered_;
  std::vector<std::byte> message_;     // only for a dialogue
  std::span<const std::byte> unsent_;  // of the message
  unsigned steps_ = 0;
  bool stopping_ = false;
  bool finishing_ = false;
  bool copies_ = false;  // the kernel has been asked

  template <class Handler>
  struct Talk;
};

}  // namespace tcp::stream
