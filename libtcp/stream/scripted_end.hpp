// SPDX-License-Identifier: MIT
// A local end behind a script. While the script has something to say or to wait for, it and not the local input gives
// the bytes that are sent; what is received reaches the local output as it comes, and is searched on its way.
//
// Steps are met in the order in which they are written, each by what comes after the text that met the one before, also
// when all of it is in one segment; of what was received, only the last few bytes are kept, for an error to show.
//
// Where steps are followed by a goal, the end of the local input is kept back until that is met.
#pragma once

#include <deque>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/end.hpp"
#include "libtcp/stream/lazy_timer.hpp"
#include "libtcp/stream/pattern_search.hpp"
#include "libtcp/stream/script.hpp"

namespace tcp::stream {
class ScriptedEnd final : public End {
 public:
  // The references must outlive it.
  ScriptedEnd(const Executor& executor, End& inner, const ScriptOptions& script, const Clock& clock);

  // Errc::timed_out when a text did not come in time.
  Awaitable<IoResult> receive(std::span<std::byte> buffer) override;
  Awaitable<IoResult> send(std::span<const std::byte> bytes) override;
  Awaitable<std::error_code> finish_sending() override;
  RawEnd source() noexcept override { return inner_.source(); }
  RawEnd sink() noexcept override { return inner_.sink(); }
  bool is_transparent() const noexcept override { return is_over() && met_ == searches_.size() && !goal_; }
  bool has_enough() const noexcept override { return reached_ && seen_ == 0 && is_over(); }
  CloseReason shortfall() const noexcept override;
  Error shortfall_error() const override;
  void note_end() noexcept override { inner_.note_end(); }
  bool has_ended() const noexcept override { return inner_.has_ended(); }
  void set_waiting(bool waits) noexcept override;
  void cancel_receiving() noexcept override;
  void cancel_sending() noexcept override { inner_.cancel_sending(); }
  void abort() noexcept override { inner_.abort(); }
  Error receive_error(std::error_code code) const override { return inner_.receive_error(code); }
  Error send_error(std::error_code code) const override { return inner_.send_error(code); }

 private:
  [[nodiscard]] bool is_over() const noexcept { return step_ == script_.steps.size(); }
  [[nodiscard]] std::size_t say(std::span<std::byte> buffer);
  [[nodiscard]] Awaitable<std::error_code> wait_for_step();
  void next_step() noexcept;
  // Many servers take a FIN for the end of the conversation, answers included.
  [[nodiscard]] bool holds_end() const noexcept { return goal_ && !script_.steps.empty(); }
  [[nodiscard]] Awaitable<std::error_code> hold_end();
  [[nodiscard]] std::size_t search(std::span<const std::byte> bytes);
  void remember(std::span<const std::byte> bytes);

  End& inner_;
  const ScriptOptions& script_;
  const Clock& clock_;
  std::vector<PatternSearch> searches_;  // of the texts that are waited for, in order
  std::optional<PatternSearch> goal_;
  std::size_t met_ = 0;     // of the searches
  std::size_t step_ = 0;    // the one that is under way
  std::size_t waited_ = 0;  // texts among the steps before it
  std::size_t said_ = 0;    // bytes of it
  std::size_t seen_ = 0;    // bytes that send() will be given again, searched already
  bool reached_ = false;    // the goal; seen_ ends with it
  bool waits_ = true;
  bool cancelled_ = false;
  bool timed_out_ = false;
  std::deque<char> last_;  // received
  LazyTimer wake_;
  std::optional<MonotonicTime> deadline_;  // of the step
};

}  // namespace tcp::stream
