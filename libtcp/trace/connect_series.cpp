// SPDX-License-Identifier: MIT
#include <poll.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "libtcp/trace/connect.hpp"
#include "libtcp/trace/series.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestWait = 100ms;  // so that a signal is noticed

void wait_until(MonotonicTime due, const Clock& clock, const StopFlag& stop) {
  while (!stop.load(std::memory_order_relaxed)) {
    const Duration left = due - clock.now();
    if (left <= Duration::zero()) return;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kLongestWait));
    ::poll(nullptr, 0, static_cast<int>(wait.count()));
  }
}

}  // namespace

void run_connect_series(const std::vector<Endpoint>& targets, const TraceOptions& options, const SeriesOptions& series,
                        const Clock& clock, const StopFlag& stop, const SeriesObserver& observer) {
  std::mutex observing;
  std::atomic<bool> wanted = true;  // by the observer
  const auto work = [&](std::size_t index) {
    MonotonicTime due = clock.now();
    for (unsigned number = 0; number < series.count && wanted && !stop.load(std::memory_order_relaxed); ++number) {
      const Handshake handshake = run_connect(targets[index], options, clock, stop);
      {
        const std::scoped_lock lock(observing);
        if (wanted && !observer(index, handshake)) wanted = false;
      }
      due = series.flood ? clock.now() : std::max(due + series.interval, clock.now());
      if (number + 1 < series.count) wait_until(due, clock, stop);
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < targets.size(); ++i) threads.emplace_back(work, i);
  if (!targets.empty()) work(0);
}

}  // namespace tcp::trace
