// SPDX-License-Identifier: MIT
// One direction of a relay: what one end gives goes to the other, by the kernel where it can and through a large buffer
// where not.
#pragma once

#include <system_error>

#include "libtcp/stream/end.hpp"
#include "libtcp/stream/meter.hpp"
#include "libtcp/stream/mover.hpp"

namespace tcp::stream {

enum class PumpStatus : std::uint8_t { ended, input_failed, output_failed, stopped };

// Trivial, so that it is safe beside co_await.
struct PumpEnd {
  PumpStatus status = PumpStatus::ended;
  std::error_code error;
};

class Pump {
 public:
  // The references must outlive it.
  Pump(Executor executor, End& from, End& to, Meter meter)
      : executor_(std::move(executor)), from_(from), to_(to), meter_(meter) {}

  // Until `from` ends, one of the two fails, or it is stopped. Does not end `to`.
  [[nodiscard]] Awaitable<PumpEnd> run();

  // Whoever calls it also ends the waits of the two ends.
  void stop() noexcept { stopping_ = true; }
  // It ends as soon as no input is at hand.
  void finish() noexcept {
    finishing_ = true;
    from_.set_waiting(false);
  }

 private:
  [[nodiscard]] Awaitable<bool> move_all(PumpEnd& end);
  [[nodiscard]] Awaitable<void> copy_all(PumpEnd& end);
  [[nodiscard]] Awaitable<std::error_code> send_all(std::span<const std::byte> bytes);

  // False when the direction is over.
  [[nodiscard]] Awaitable<bool> wait_readable(ReadyFd& input);
  [[nodiscard]] Awaitable<bool> wait_writable(ReadyFd& output);
  [[nodiscard]] Awaitable<bool> wait_either(ReadyFd& input, ReadyFd& output);
  [[nodiscard]] Awaitable<bool> wait_after(Step step, ReadyFd& input, ReadyFd& output);
  [[nodiscard]] Awaitable<bool> give_way();
  [[nodiscard]] bool is_over(std::error_code error) const noexcept;

  Executor executor_;
  End& from_;
  End& to_;
  Meter meter_;
  bool stopping_ = false;
  bool finishing_ = false;
};

}  // namespace tcp::stream
