// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>
#include <numeric>
#include <set>

#include "libtcp/scan/arrival_time.hpp"
#include "libtcp/scan/cookie.hpp"
#include "libtcp/scan/permutation.hpp"
#include "libtcp/scan/rate_controller.hpp"
#include "libtcp/scan/rtt_estimator.hpp"

using namespace tcp;
using namespace tcp::scan;
using namespace std::chrono_literals;

TEST_CASE("SipHash-2-4 gives its paper's value") {
  // Appendix A of the paper: key 00..0f, message 00..0e.
  const CookieKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::array<std::uint8_t, 15> message{};
  std::iota(message.begin(), message.end(), std::uint8_t{0});
  CHECK(siphash_2_4(key, message) == 0xa129ca6149be45e5);
}

TEST_CASE("a cookie depends on key, address, port and try, and on nothing else") {
  const CookieKey key{1, 2};
  const Endpoint target{IpAddress::v4(0x0a000001), 80};
  const std::uint64_t cookie = make_cookie(key, target, 0);
  CHECK(cookie == make_cookie(key, target, 0));
  CHECK(cookie != make_cookie({1, 3}, target, 0));
  CHECK(cookie != make_cookie(key, {IpAddress::v4(0x0a000002), 80}, 0));
  CHECK(cookie != make_cookie(key, {target.address, 81}, 0));
  CHECK(cookie != make_cookie(key, target, 1));
  const Endpoint local{parse_ip_address("fe80::1").value(), 80};
  CHECK(make_cookie(key, local, 0) == make_cookie(key, {local.address.with_scope(3), 80}, 0));
}

TEST_CASE("a permutation visits each number once, and its inverse leads back") {
  for (const std::uint64_t size : {1ULL, 2ULL, 3ULL, 4ULL, 5ULL, 16ULL, 17ULL, 1000ULL, 65537ULL}) {
    const Permutation order(size, 42);
    std::vector<bool> seen(size);
    for (std::uint64_t i = 0; i < size; ++i) {
      const std::uint64_t value = order[i];
      REQUIRE(value < size);
      REQUIRE_FALSE(seen[value]);
      seen[value] = true;
      REQUIRE(order.position_of(value) == i);
    }
  }
}

TEST_CASE("large permutations neither overflow nor repeat within a long walk") {
  for (const unsigned bits : {32U, 40U, 48U, 62U}) {
    const std::uint64_t size = (std::uint64_t{1} << bits) - (bits == 62 ? 0 : 5);
    const Permutation order(size, bits);
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < 20000; ++i) {
      const std::uint64_t value = order[i];
      REQUIRE(value < size);
      REQUIRE(order.position_of(value) == i);
      REQUIRE(seen.insert(value).second);
    }
  }
}

// What leads back to where it stands stands there only: with its inverse right at every step, a walk repeats nothing.
TEST_CASE("fifty million steps at 2^48 pairs lead back to themselves") {
#if defined(__SANITIZE_ADDRESS__)
  constexpr std::uint64_t kSteps = 2'000'000;  // a sanitizer makes each of them slow
#else
  constexpr std::uint64_t kSteps = 50'000'000;
#endif
  constexpr std::uint64_t kSize = std::uint64_t{1} << 48;
  const Permutation order(kSize, 2048);
  std::uint64_t outside = 0;
  std::uint64_t astray = 0;
  for (std::uint64_t i = 0; i < kSteps; ++i) {
    const std::uint64_t position = i % 2 == 0 ? i : kSize - i;  // from both ends
    const std::uint64_t value = order[position];
    if (value >= kSize) ++outside;
    if (value >= kSize || order.position_of(value) != position) ++astray;
  }
  CHECK(outside == 0);
  CHECK(astray == 0);
}

TEST_CASE("the order is a matter of the seed") {
  const Permutation a(1000, 1);
  const Permutation b(1000, 2);
  unsigned same = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) same += a[i] == b[i] ? 1U : 0U;
  CHECK(same < 20);
}

TEST_CASE("RFC 6298: the timeout follows the samples and keeps its limits") {
  const RtoLimits limits{1s, 100ms, 2s};
  RttEstimator estimator;
  CHECK(estimator.timeout(limits) == 1s);
  CHECK_FALSE(estimator.smoothed());
  estimator.sample(80ms);
  CHECK(*estimator.smoothed() == 80ms);
  CHECK(estimator.timeout(limits) == 240ms);  // R + 4 × R/2
  estimator.sample(160ms);                    // RTTVAR 3/4 × 40 + 1/4 × 80 = 50, SRTT 7/8 × 80 + 1/8 × 160 = 90
  CHECK(*estimator.smoothed() == 90ms);
  CHECK(estimator.timeout(limits) == 290ms);
  for (int i = 0; i < 100; ++i) estimator.sample(1ms);
  CHECK(estimator.timeout(limits) == 100ms);
}

TEST_CASE("a wall clock that is set while packets come makes none of them late or early") {
  const MonotonicTime start(1000s);
  const WallTime wall(1'700'000'000s);
  for (const Duration jump :
       {Duration(-1h), Duration(-3s), Duration(-1ms), Duration(1ms), Duration(3s), Duration(1h)}) {
    ArrivalTime arrival(start);
    arrival.read(start + 20ms, wall + 20ms);
    CHECK(arrival.of(wall + 15ms) == start + 15ms);
    arrival.on_empty();
    // Stamped before the jump and after it, read after it.
    arrival.read(start + 60ms, wall + 60ms + jump);
    for (const WallTime stamp : {wall + 50ms, wall + 50ms + jump}) {
      CHECK(arrival.of(stamp) <= start + 60ms);
      CHECK(arrival.of(stamp) >= start + 20ms - 100ms);
    }
    CHECK(arrival.of(wall + 50ms + jump) == start + 50ms);
  }
  // Who was held up for a minute still gets what came in that time as it came.
  ArrivalTime arrival(start);
  arrival.read(start + 1min, wall + 1min);
  CHECK(arrival.of(wall + 2s) == start + 2s);
}

TEST_CASE("the rate is exact, from the first second on, at any speed") {
  for (const std::uint64_t rate : {1ULL, 10ULL, 1000ULL, 10'007ULL, 100'000ULL}) {
    ManualClock clock;
    RateController controller(rate, clock.now());
    CHECK(controller.available(clock.now()) == 0);
    std::uint64_t sent = 0;
    while (clock.now() < MonotonicTime(10s)) {
      clock.set(std::max(controller.next_batch(), clock.now()));
      const std::uint64_t count = controller.available(clock.now());
      REQUIRE(count > 0);
      controller.spend(count);
      sent += count;
      REQUIRE(static_cast<double>(sent) <=
              static_cast<double>(rate) * static_cast<double>(clock.now().time_since_epoch().count()) / 1e9 + 1e-6);
    }
    CHECK(sent >= rate * 10);
    CHECK(sent <= rate * 10 + rate / 100 + 1);
  }
}

TEST_CASE("a pause does not become a burst") {
  ManualClock clock;
  RateController controller(1000, clock.now());
  clock.advance(1h);
  CHECK(controller.available(clock.now()) == 11);
}
