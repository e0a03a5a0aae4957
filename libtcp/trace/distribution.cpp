// SPDX-License-Identifier: MIT
#include "libtcp/trace/distribution.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tcp::trace {
namespace {

constexpr std::size_t kMostBins = 8;

Duration percentile(const std::vector<Duration>& sorted, unsigned percent) {
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<Distribution::Bin> make_bins(const std::vector<Duration>& sorted, Duration least, Duration upper) {
  const Duration range = upper - least;
  const std::size_t count = range < Duration(kMostBins) ? 1 : kMostBins;
  std::vector<Distribution::Bin> bins;
  for (std::size_t i = 0; i < count; ++i) {
    const auto edge = [&](std::size_t index) {
      return least + Duration(range.count() / static_cast<Duration::rep>(count) * static_cast<Duration::rep>(index));
    };
    bins.push_back({edge(i), i + 1 == count ? sorted.back() : edge(i + 1), 0});
  }
  auto bin = bins.begin();
  for (const Duration sample : sorted) {
    while (bin + 1 != bins.end() && sample >= bin->to) ++bin;
    ++bin->count;
  }
  return bins;
}

}  // namespace

std::optional<Distribution> distribution_of(std::vector<Duration> samples) {
  if (samples.empty()) return std::nullopt;
  std::ranges::sort(samples);
  const auto size = static_cast<double>(samples.size());
  const auto nanoseconds = [](Duration duration) { return static_cast<double>(duration.count()); };
  const double mean = std::accumulate(samples.begin(), samples.end(), 0.0,
                                      [&](double sum, Duration sample) { return sum + nanoseconds(sample); }) /
                      size;
  const double square = std::accumulate(samples.begin(), samples.end(), 0.0,
                                        [&](double sum, Duration sample) {
                                          return sum + (nanoseconds(sample) - mean) * (nanoseconds(sample) - mean);
                                        }) /
                        size;
  Distribution result;
  result.count = samples.size();
  result.least = samples.front();
  result.median = percentile(samples, 50);
  result.p90 = percentile(samples, 90);
  result.p99 = percentile(samples, 99);
  result.most = samples.back();
  result.mean = Duration(std::llround(mean));
  result.deviation = Duration(std::llround(std::sqrt(square)));
  result.bins = make_bins(samples, result.least, result.p99);
  return result;
}

}  // namespace tcp::trace
