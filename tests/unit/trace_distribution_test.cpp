// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/trace/distribution.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;

TEST_CASE("no samples, no distribution; one sample is all of it") {
  CHECK_FALSE(distribution_of({}));
  const auto one = distribution_of({5ms});
  REQUIRE(one);
  CHECK(one->least == 5ms);
  CHECK(one->median == 5ms);
  CHECK(one->p99 == 5ms);
  CHECK(one->most == 5ms);
  CHECK(one->deviation == 0ms);
  CHECK(one->bins.size() == 1);
  CHECK(one->bins[0].count == 1);
}

TEST_CASE("percentiles are samples, in whatever order they came") {
  std::vector<Duration> samples;
  for (int i = 100; i >= 1; --i) samples.emplace_back(i * 1ms);
  const auto all = distribution_of(samples);
  REQUIRE(all);
  CHECK(all->count == 100);
  CHECK(all->least == 1ms);
  CHECK(all->median == 50ms);
  CHECK(all->p90 == 90ms);
  CHECK(all->p99 == 99ms);
  CHECK(all->most == 100ms);
  CHECK(all->mean == 50500us);
  CHECK(all->deviation > 28ms);
  CHECK(all->deviation < 29ms);
}

TEST_CASE("every sample is in one bin, and an outlier does not squeeze the others into the first") {
  std::vector<Duration> samples(200, 10ms);
  for (int i = 0; i < 200; ++i) samples[static_cast<std::size_t>(i)] += i * 10us;
  samples.emplace_back(10s);
  const auto all = distribution_of(samples);
  REQUIRE(all);
  std::uint64_t total = 0;
  for (const auto& bin : all->bins) total += bin.count;
  CHECK(total == 201);
  CHECK(all->bins.size() == 8);
  CHECK(all->bins[3].count > 10);
  CHECK(all->bins.back().to == 10s);
}
