// SPDX-License-Identifier: MIT
#include "cmd/output/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

constexpr double kMemory = 2.0;  // seconds after which an old rate counts for a third
constexpr std::size_t kLeastBar = 10;
constexpr std::size_t kMostBar = 30;
constexpr double kLongestEta = 360'000;  // seconds; beyond 100 hours nobody waits

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string format_rate(double bytes_per_s) {
  return format_byte_count(static_cast<std::uint64_t>(std::max(bytes_per_s, 0.0))) + "/s";
}

std::string eta(std::uint64_t left, double bytes_per_s) {
  if (left == 0) return "ETA 0:00";
  const double wait = bytes_per_s > 0 ? static_cast<double>(left) / bytes_per_s : kLongestEta;
  if (wait >= kLongestEta) return "ETA -:--";
  return "ETA " + format_clock(std::chrono::seconds(std::llround(wait)));
}

std::string bar(double part, std::size_t columns) {
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(columns));
  std::string text(filled, '=');
  if (filled < columns) text += '>';
  text.resize(columns, ' ');
  return "[" + text + "]";
}

// The bar takes what the rest leaves.
std::string bounded_line(const ProgressState& state, std::uint64_t bytes, std::uint64_t expected, std::size_t width) {
  const std::uint64_t left = bytes < expected ? expected - bytes : 0;
  const double part = expected > 0 ? 1.0 - static_cast<double>(left) / static_cast<double>(expected) : 1.0;
  const std::string before = fmt::format("{} of {} ", format_byte_count(bytes), format_byte_count(expected));
  const std::string after = fmt::format(" {:3}%  {}  {}", static_cast<int>(part * 100), format_rate(state.bytes_per_s),
                                        eta(left, state.bytes_per_s));
  const std::size_t taken = before.size() + after.size() + 2;
  if (taken + kLeastBar > width) return before + after.substr(1);
  return before + bar(part, std::min(width - taken, kMostBar)) + after;
}

}  // namespace

std::string format_clock(Duration duration) {
  const auto total = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (total >= 3600) return fmt::format("{}:{:02}:{:02}", total / 3600, total / 60 % 60, total % 60);
  return fmt::format("{}:{:02}", total / 60, total % 60);
}

std::string progress_line(const ProgressState& state, std::size_t width) {
  std::string line;
  if (state.expected_received_bytes) {
    line = bounded_line(state, state.received_bytes, *state.expected_received_bytes, width);
  } else if (state.expected_sent_bytes) {
    line = bounded_line(state, state.sent_bytes, *state.expected_sent_bytes, width);
  } else {
    line = fmt::format("sent {}, received {}, {}, {}", format_byte_count(state.sent_bytes),
                       format_byte_count(state.received_bytes), format_rate(state.bytes_per_s),
                       format_clock(state.elapsed));
  }
  return line.substr(0, width);
}

void SmoothRate::update(std::uint64_t bytes, Duration elapsed) {
  const double passed = seconds(elapsed - elapsed_);
  if (passed <= 0) return;
  const double now = static_cast<double>(bytes - std::min(bytes, bytes_)) / passed;
  const double weight = has_rate_ ? 1.0 - std::exp(-passed / kMemory) : 1.0;
  rate_ += (now - rate_) * weight;
  bytes_ = bytes;
  elapsed_ = elapsed;
  has_rate_ = true;
}

Duration Progress::interval(const Terminal& terminal) {
  return terminal.is_terminal ? Duration(std::chrono::milliseconds(100)) : Duration(std::chrono::seconds(5));
}

// Several conversations may each call at the interval.
void Progress::update(ProgressState state) {
  if (drawn_at_ && state.elapsed < *drawn_at_ + interval(out_.terminal())) return;
  drawn_at_ = state.elapsed;
  rate_.update(state.sent_bytes + state.received_bytes, state.elapsed);
  state.bytes_per_s = rate_.bytes_per_s();
  line_.draw(progress_line(state, out_.terminal().width - 1));
}

void Progress::finish(ProgressState state) {
  line_.clear();
  const double passed = seconds(state.elapsed);
  state.bytes_per_s = passed > 0 ? static_cast<double>(state.sent_bytes + state.received_bytes) / passed : 0;
  state.expected_sent_bytes.reset();
  state.expected_received_bytes.reset();
  out_.line(progress_line(state, out_.terminal().width - 1));
}

}  // namespace tcp::cmd
