// SPDX-License-Identifier: MIT
// The order of targets under each policy; the clock is the test's.
#include "libtcp/stream/balancer.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace tcp;
using namespace tcp::stream;

namespace {

using Order = std::vector<std::size_t>;

const MonotonicTime kNow{std::chrono::seconds(1000)};
constexpr std::uint64_t kSeed = 7;

}  // namespace

TEST_CASE("round-robin: each in its turn, the others behind it") {
  Balancer balancer(3, Balance::round_robin, kSeed);
  CHECK(balancer.order(kNow) == Order{0, 1, 2});
  CHECK(balancer.order(kNow) == Order{1, 2, 0});
  CHECK(balancer.order(kNow) == Order{2, 0, 1});
  CHECK(balancer.order(kNow) == Order{0, 1, 2});
}

TEST_CASE("least: the fewest conversations first, turns among equals") {
  Balancer balancer(3, Balance::least, kSeed);
  balancer.began(0);
  balancer.began(0);
  balancer.began(2);
  CHECK(balancer.order(kNow) == Order{1, 2, 0});
  balancer.ended(0);
  balancer.ended(0);
  balancer.began(1);
  balancer.began(1);
  CHECK(balancer.order(kNow) == Order{0, 2, 1});
}

TEST_CASE("random: all of them, each first now and then") {
  Balancer balancer(3, Balance::random, kSeed);
  std::set<std::size_t> firsts;
  for (int i = 0; i < 100; ++i) {
    const Order order = balancer.order(kNow);
    CHECK(std::set(order.begin(), order.end()).size() == 3);
    firsts.insert(order.front());
  }
  CHECK(firsts.size() == 3);
}

TEST_CASE("the dead come last until their time is over, and are news once") {
  Balancer balancer(2, Balance::least, kSeed);
  balancer.began(1);
  CHECK(balancer.mark_dead(0, kNow + std::chrono::seconds(10)));
  CHECK_FALSE(balancer.mark_dead(0, kNow + std::chrono::seconds(10)));
  CHECK(balancer.order(kNow) == Order{1, 0});
  CHECK(balancer.order(kNow + std::chrono::seconds(10)) == Order{0, 1});
  balancer.mark_alive(0);
  CHECK(balancer.order(kNow) == Order{0, 1});
  CHECK(balancer.mark_dead(0, kNow));
}
