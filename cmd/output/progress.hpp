// SPDX-License-Identifier: MIT
// How far bytes have come: one line, drawn again and again on a terminal, now and then a new one elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cmd/output/output.hpp"
#include "cmd/output/status_line.hpp"
#include "libtcp/base/clock.hpp"

namespace tcp::cmd {

// What a line says.
struct ProgressState {
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  std::optional<std::uint64_t> expected_sent_bytes;
  std::optional<std::uint64_t> expected_received_bytes;
  double bytes_per_s = 0;
  Duration elapsed{};
};

// "12.0 MiB of 64.0 MiB [====>          ]  19%  3.4 MiB/s  ETA 0:15" when the end is known, otherwise
// "sent 12.0 MiB, received 5 B, 3.4 MiB/s, 0:04". At most `width` columns, ASCII.
[[nodiscard]] std::string progress_line(const ProgressState& state, std::size_t width);

// "0:07", "12:40", "1:02:03"
[[nodiscard]] std::string format_clock(Duration duration);

// A rate that follows what happens within a few seconds, without jumping.
class SmoothRate {
 public:
  void update(std::uint64_t bytes, Duration elapsed);
  [[nodiscard]] double bytes_per_s() const noexcept { return rate_; }

 private:
  std::uint64_t bytes_ = 0;
  Duration elapsed_{};
  double rate_ = 0;
  bool has_rate_ = false;
};

class Progress {
 public:
  // How often update() is worth calling: ten times a second on a terminal, otherwise every five seconds.
  [[nodiscard]] static Duration interval(const Terminal& terminal);

  explicit Progress(Output& out) : out_(out), line_(out) {}

  // Draws, unless it is too early for that. The rate in `state` is filled in here.
  void update(ProgressState state);
  // Before anybody else writes a line there.
  void clear() { line_.clear(); }
  // The last line, with the average rate; it stays.
  void finish(ProgressState state);

 private:
  Output& out_;
  StatusLine line_;
  SmoothRate rate_;
  std::optional<Duration> drawn_at_;
};

}  // namespace tcp::cmd
