// SPDX-License-Identifier: MIT
// What stands in the way of the bytes, each by itself: no descriptor, no waiting, a clock that is moved by hand.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "libtcp/stream/crlf_filter.hpp"
#include "libtcp/stream/hexdump.hpp"
#include "libtcp/stream/line_pacer.hpp"
#include "libtcp/stream/pump.hpp"
#include "libtcp/stream/rate_limiter.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace std::chrono_literals;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string filtered(std::initializer_list<std::string_view> pieces) {
  CrlfFilter filter;
  std::vector<std::byte> out;
  for (const std::string_view piece : pieces) filter.apply(bytes_of(piece), out);
  return text_of(out);
}

std::string dumped(std::uint64_t offset, std::string_view text) {
  std::string out;
  append_hexdump(out, '>', offset, bytes_of(text));
  return out;
}

constexpr MonotonicTime kStart{1000s};

// Sends `size` bytes as a pump would, and says how long that took.
Duration time_to_send(std::uint64_t rate, std::uint64_t size, std::uint64_t most_at_once) {
  ManualClock clock;
  clock.set(kStart);
  RateLimiter limiter(rate, clock.now());
  while (size > 0) {
    if (limiter.ready_at() > clock.now()) clock.set(limiter.ready_at());
    const std::uint64_t step = std::min({limiter.allowance(clock.now()), size, most_at_once});
    REQUIRE(step > 0);
    limiter.spend(step, clock.now());
    size -= step;
  }
  return clock.now() - kStart;
}

}  // namespace

TEST_CASE("LF becomes CR LF") {
  CHECK(filtered({"a\nb\n"}) == "a\r\nb\r\n");
  CHECK(filtered({"\n\n"}) == "\r\n\r\n");
  CHECK(filtered({""}).empty());
  CHECK(filtered({"no line end"}) == "no line end");
}

TEST_CASE("a CR LF is never doubled, a lone CR never touched") {
  CHECK(filtered({"a\r\nb\r\n"}) == "a\r\nb\r\n");
  CHECK(filtered({"a\rb"}) == "a\rb");
  CHECK(filtered({"\r\r\n"}) == "\r\r\n");
  CHECK(filtered({"\r", "\n", "\n"}) == "\r\n\r\n");
  CHECK(filtered({"\r", "", "\n"}) == "\r\n");
  CHECK(filtered({"\r", "x", "\n"}) == "\rx\r\n");
  CHECK(filtered({"\r\n", "\n"}) == "\r\n\r\n");
}

TEST_CASE("wherever the input is split, the outcome is the same") {
  const std::string text = "one\ntwo\r\nthree\r\r\n\n\r\n\n\rfour\r";
  const std::string whole = filtered({text});
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      const std::string_view view(text);
      CHECK(filtered({view.substr(0, i), view.substr(i, j - i), view.substr(j)}) == whole);
    }
  }
}

TEST_CASE("a line is a piece, and so is what has no end yet") {
  CHECK(text_of(LinePacer::piece(bytes_of("one\ntwo\n"))) == "one\n");
  CHECK(text_of(LinePacer::piece(bytes_of("\n\n"))) == "\n");
  CHECK(text_of(LinePacer::piece(bytes_of("open"))) == "open");
}

TEST_CASE("the next line waits, the rest of a line does not") {
  LinePacer pacer(3s);
  CHECK(pacer.ready_at() <= kStart);
  pacer.sent(bytes_of("half a "), kStart);
  CHECK(pacer.ready_at() <= kStart);
  pacer.sent(bytes_of("line\n"), kStart + 1s);
  CHECK(pacer.ready_at() == kStart + 4s);
}

TEST_CASE("a rate is exact to the nanosecond over any number of steps") {
  // What is in the bucket at the start gives 10 ms.
  CHECK(time_to_send(1'000'000, 10'000'000, 1 << 20) == 10s - 10ms);
  CHECK(time_to_send(10'000'000, 1'000'000'000, 1 << 20) == 100s - 10ms);
  // The last step of an odd size waits as long as any other.
  CHECK(time_to_send(1'000'000, 10'000'000, 777) >= 10s - 10ms);
  CHECK(time_to_send(1'000'000, 10'000'000, 777) <= 10s);
}

TEST_CASE("a rate that divides nothing loses nothing") {
  for (const std::uint64_t rate : {3ULL, 7ULL, 999ULL, 1'234'567ULL, 99'999'999'977ULL}) {
    const std::uint64_t size = rate * 30;
    const Duration took = time_to_send(rate, size, 1 << 28);
    const Duration depth = std::max(Duration(10ms), Duration(1'000'000'000 / rate + 2));
    CHECK(took >= 30s - depth);
    CHECK(took <= 30s);
  }
}

TEST_CASE("at no time has more passed than the rate and one bucket allow") {
  constexpr std::uint64_t kRate = 1'000'003;
  std::mt19937 random(1);
  ManualClock clock;
  clock.set(kStart);
  RateLimiter limiter(kRate, clock.now());
  std::uint64_t passed = 0;
  for (int i = 0; i < 100'000; ++i) {
    clock.advance(Duration(random() % 5'000'000));
    const std::uint64_t allowance = limiter.allowance(clock.now());
    const std::uint64_t step = allowance == 0 ? 0 : random() % (allowance + 1);
    limiter.spend(step, clock.now());
    passed += step;
    const double seconds = std::chrono::duration<double>(clock.now() - kStart).count() + 0.100;
    REQUIRE(static_cast<double>(passed) <= seconds * kRate + 1);
  }
}

TEST_CASE("who is late by less than a bucket catches up") {
  RateLimiter limiter(1'000'000, kStart);
  limiter.spend(10'000, kStart);
  CHECK(limiter.allowance(kStart + 90ms) == 90'000);
}

TEST_CASE("silence saves up no more than one bucket") {
  RateLimiter limiter(1'000'000, kStart);
  CHECK(limiter.allowance(kStart) == 10'000);
  CHECK(limiter.allowance(kStart + 1h) == 100'000);
  limiter.spend(100'000, kStart + 1h);
  CHECK(limiter.allowance(kStart + 1h) == 0);
  CHECK(limiter.ready_at() == kStart + 1h + 10ms);
  CHECK(limiter.allowance(kStart + 1h + 10ms) == 10'000);
}

TEST_CASE("the slowest rate is a byte at a time, the fastest overflows nothing") {
  RateLimiter slow(1, kStart);
  CHECK(slow.allowance(kStart) == 1);
  slow.spend(1, kStart);
  CHECK(slow.allowance(kStart + 999ms) == 0);
  CHECK(slow.ready_at() <= kStart + 1s);
  CHECK(slow.allowance(slow.ready_at()) == 1);
  RateLimiter fast(RateLimiter::kMostRate, kStart);
  CHECK(fast.allowance(kStart + 24h) == RateLimiter::kMostRate / 10);
  fast.spend(RateLimiter::kMostAtOnce, kStart + 24h);
  CHECK(fast.allowance(kStart + 24h) == RateLimiter::kMostRate / 10 - RateLimiter::kMostAtOnce);
}

TEST_CASE("a dump is sixteen bytes a line, aligned, and of 80 columns") {
  CHECK(dumped(0, "Hello, world!\n") ==
        "> 00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 0a        |Hello, world!.|\n");
  const std::string two = dumped(32, "0123456789abcdefX");
  CHECK(two ==
        "> 00000020  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
        "> 00000030  58                                                |X|\n");
  CHECK(two.find('\n') == 80);
  CHECK(dumped(0, "").empty());
}

TEST_CASE("a dump holds nothing that a terminal would obey") {
  std::string all(256, '\0');
  for (int i = 0; i < 256; ++i) all[static_cast<std::size_t>(i)] = static_cast<char>(i);
  for (const char c : dumped(0, all)) CHECK(((c >= ' ' && c <= '~') || c == '\n'));
}

TEST_CASE("a rate and a bound leave the bytes to the kernel, a look at them does not") {
  RateLimiter limiter(1, kStart);
  PumpParts parts;
  parts.limiter = &limiter;
  parts.bound = 1;
  CHECK_FALSE(parts.need_memory());
  TapGroup taps;
  parts.input_tap = &taps;
  CHECK(parts.need_memory());
  CrlfFilter filter;
  parts = {};
  parts.filter = &filter;
  CHECK(parts.need_memory());
}
