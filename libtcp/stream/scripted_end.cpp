// SPDX-License-Identifier: MIT
#include "libtcp/stream/scripted_end.hpp"

#include <algorithm>
#include <cstring>

#include "libtcp/base/deadline.hpp"
#include "libtcp/base/escape.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kShownBytes = 64;

}  // namespace

ScriptedEnd::ScriptedEnd(const Executor& executor, End& inner, const ScriptOptions& script, const Clock& clock)
    : inner_(inner), script_(script), clock_(clock), wake_(executor) {
  for (const ScriptStep& step : script.steps) {
    if (step.kind == ScriptStepKind::expect) searches_.emplace_back(step.bytes);
  }
  if (script.goal) goal_.emplace(script.goal->bytes);
}

Awaitable<IoResult> ScriptedEnd::receive(std::span<std::byte> buffer) {
  while (!is_over()) {
    if (script_.steps[step_].kind == ScriptStepKind::send) {
      const std::size_t said = say(buffer);
      if (said > 0) co_return said;
      continue;
    }
    const std::error_code error = co_await wait_for_step();
    if (error) co_return std::unexpected(error);
  }
  if (has_enough()) co_return std::unexpected(asio::error::make_error_code(asio::error::operation_aborted));
  const IoResult got = co_await inner_.receive(buffer);
  if (!got || *got > 0 || !holds_end()) co_return got;
  const std::error_code error = co_await hold_end();
  co_return std::unexpected(error);
}

Awaitable<std::error_code> ScriptedEnd::hold_end() {
  while (!reached_ && waits_ && !std::exchange(cancelled_, false)) {
    co_await wake_.wait_until(MonotonicTime::max());
  }
  co_return asio::error::make_error_code(asio::error::operation_aborted);
}

std::size_t ScriptedEnd::say(std::span<std::byte> buffer) {
  const std::string& bytes = script_.steps[step_].bytes;
  const std::size_t size = std::min(buffer.size(), bytes.size() - said_);
  std::memcpy(buffer.data(), bytes.data() + said_, size);
  said_ += size;
  if (said_ == bytes.size()) next_step();
  return size;
}

void ScriptedEnd::next_step() noexcept {
  ++step_;
  said_ = 0;
  deadline_.reset();
}

Awaitable<std::error_code> ScriptedEnd::wait_for_step() {
  if (!deadline_) deadline_ = deadline_after(clock_.now(), script_.step_timeout);
  while (met_ <= waited_) {
    if (!waits_ || std::exchange(cancelled_, false)) {
      co_return asio::error::make_error_code(asio::error::operation_aborted);
    }
    timed_out_ = clock_.now() >= *deadline_;
    if (timed_out_) co_return make_error_code(Errc::timed_out);
    co_await wake_.wait_until(*deadline_);
  }
  ++waited_;
  next_step();
  co_return std::error_code();
}

Awaitable<IoResult> ScriptedEnd::send(std::span<const std::byte> bytes) {
  if (!reached_ && bytes.size() > seen_) seen_ += search(bytes.subspan(seen_));
  if (reached_ && seen_ == 0) co_return bytes.size();  // nobody asked for what follows
  const std::span<const std::byte> passed = bytes.first(std::min(seen_, bytes.size()));
  const IoResult sent = co_await inner_.send(passed);
  if (sent) seen_ -= *sent;
  co_return sent;
}

// How many of them may be passed on.
std::size_t ScriptedEnd::search(std::span<const std::byte> bytes) {
  std::size_t at = 0;
  while (met_ < searches_.size()) {
    const auto found = searches_[met_].feed(bytes.subspan(at));
    if (!found) break;
    at += *found;
    ++met_;
    wake_.cancel();
  }
  std::optional<std::size_t> end;
  if (goal_ && met_ == searches_.size()) end = goal_->feed(bytes.subspan(at));
  reached_ = end.has_value();
  if (reached_) wake_.cancel();
  const std::size_t passed = reached_ ? at + *end : bytes.size();
  remember(bytes.first(passed));
  return passed;
}

void ScriptedEnd::remember(std::span<const std::byte> bytes) {
  if (is_transparent()) return;
  const auto tail = bytes.last(std::min(bytes.size(), kShownBytes));
  for (const std::byte byte : tail) last_.push_back(static_cast<char>(byte));
  while (last_.size() > kShownBytes) last_.pop_front();
}

Awaitable<std::error_code> ScriptedEnd::finish_sending() {
  const std::error_code error = co_await inner_.finish_sending();
  co_return error;
}

void ScriptedEnd::set_waiting(bool waits) noexcept {
  waits_ = waits;
  if (!waits) wake_.cancel();
  inner_.set_waiting(waits);
}

void ScriptedEnd::cancel_receiving() noexcept {
  cancelled_ = true;
  wake_.cancel();
  inner_.cancel_receiving();
}

CloseReason ScriptedEnd::shortfall() const noexcept {
  if (met_ < searches_.size()) return CloseReason::expectation_failed;
  return goal_ && !reached_ ? CloseReason::incomplete : CloseReason::finished;
}

Error ScriptedEnd::shortfall_error() const {
  std::string what = script_.goal ? script_.goal->name : std::string();
  if (met_ < searches_.size()) {
    std::size_t left = met_ + 1;
    const auto step = std::ranges::find_if(
        script_.steps, [&left](const ScriptStep& each) { return each.kind == ScriptStepKind::expect && --left == 0; });
    const auto number = step - script_.steps.begin() + 1;
    what = "step " + std::to_string(number) + " of " + std::to_string(script_.steps.size()) + ", " + step->name;
  }
  std::string detail = timed_out_ ? "was not received within " + format_duration(script_.step_timeout)
                                  : "the peer ended before it was received";
  const std::string last(last_.begin(), last_.end());
  detail += last.empty() ? "; nothing was received" : "; last received: \"" + escape(last) + "\"";
  return {make_error_code(timed_out_ ? Errc::timed_out : Errc::not_found), std::move(what), std::move(detail), {}};
}

}  // namespace tcp::stream
