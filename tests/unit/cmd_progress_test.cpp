// SPDX-License-Identifier: MIT
#include "cmd/output/progress.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace tcp;
using namespace tcp::cmd;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMebi = 1 << 20;

ProgressState half_of_a_file() {
  ProgressState state;
  state.sent_bytes = 32 * kMebi;
  state.expected_sent_bytes = 64 * kMebi;
  state.bytes_per_s = 4.0 * kMebi;
  state.elapsed = 8s;
  return state;
}

}  // namespace

TEST_CASE("a known end has a bar and the time left") {
  CHECK(progress_line(half_of_a_file(), 79) ==
        "32.0 MiB of 64.0 MiB [===============>              ]  50%  4.0 MiB/s  ETA 0:08");
}

TEST_CASE("an unknown end has what passed") {
  ProgressState state = half_of_a_file();
  state.expected_sent_bytes.reset();
  state.received_bytes = 5;
  CHECK(progress_line(state, 79) == "sent 32.0 MiB, received 5 B, 4.0 MiB/s, 0:08");
}

TEST_CASE("what is wanted of the peer comes before what the file holds") {
  ProgressState state = half_of_a_file();
  state.received_bytes = 100;
  state.expected_received_bytes = 100;
  CHECK(progress_line(state, 79).starts_with("100 B of 100 B [=============================="));
  CHECK(progress_line(state, 79).find("100%") != std::string::npos);
}

TEST_CASE("no line is wider than it may be") {
  ProgressState state = half_of_a_file();
  state.sent_bytes = std::numeric_limits<std::uint64_t>::max() - 5;
  state.received_bytes = state.sent_bytes;
  state.elapsed = 1000h;
  for (const bool known : {false, true}) {
    if (known) state.expected_sent_bytes = state.sent_bytes + 1;
    for (std::size_t width = 1; width < 120; ++width) CHECK(progress_line(state, width).size() <= width);
  }
}

TEST_CASE("a file that grew, a rate of nothing, an empty file") {
  ProgressState state = half_of_a_file();
  state.sent_bytes = 65 * kMebi;
  CHECK(progress_line(state, 79).find("100%") != std::string::npos);
  state.sent_bytes = 1;
  state.bytes_per_s = 0;
  CHECK(progress_line(state, 79).ends_with("ETA -:--"));
  state.expected_sent_bytes = 0;
  CHECK(progress_line(state, 79).find("100%") != std::string::npos);
}

TEST_CASE("times as clocks show them") {
  CHECK(format_clock(7s) == "0:07");
  CHECK(format_clock(12min + 40s) == "12:40");
  CHECK(format_clock(1h + 2min + 3s) == "1:02:03");
}

TEST_CASE("the rate follows within a few seconds") {
  SmoothRate rate;
  rate.update(1000, 1s);
  CHECK(rate.bytes_per_s() == doctest::Approx(1000));
  for (int i = 2; i <= 60; ++i) rate.update(1000, i * 1s);  // nothing more comes
  CHECK(rate.bytes_per_s() < 1);
}
