// SPDX-License-Identifier: MIT
#include "libtcp/trace/series.hpp"

#include <algorithm>
#include <memory>
#include <random>

#include "libtcp/trace/active_session.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestWait = 200ms;  // so that a signal that came just before the wait is noticed

}  // namespace

struct RawSeries::Probe {
  std::size_t target = 0;
  bool reported = false;
  std::unique_ptr<ActiveSession> session;
};

struct RawSeries::Target {
  unsigned started = 0;
  MonotonicTime due;
  std::vector<std::uint16_t> free_ports;  // the one that rested longest is first
  bool waiting = false;                   // flood: the last one is not decided yet
};

RawSeries::RawSeries(std::span<const RawPlan> plans, const TraceOptions& options, const SeriesOptions& series,
                     SharedNetwork& network, const Clock& clock)
    : plans_(plans), options_(options), series_(series), network_(network), clock_(clock) {
  raw_clock_ = {std::random_device()(), clock.now()};
  for (const RawPlan& plan : plans) {
    Target& target = targets_.emplace_back();
    target.due = clock.now();
    if (!plan.guard) continue;
    for (std::uint32_t port = plan.guard->first_port(); port <= plan.guard->last_port(); ++port) {
      target.free_ports.push_back(static_cast<std::uint16_t>(port));
    }
  }
}

RawSeries::~RawSeries() = default;

void RawSeries::run(const StopFlag& stop, const SeriesObserver& observer) {
  while (!finished()) {
    if (!wanted_ || stop.load(std::memory_order_relaxed)) stop_all();
    start_due(observer);
    for (Probe& probe : probes_) probe.session->send_all(network_);
    if (!probes_.empty() || !finished()) receive();
    for (Probe& probe : probes_) {
      probe.session->on_deadline();
      probe.session->send_all(network_);
    }
    report(observer);
  }
}

bool RawSeries::finished() const {
  return probes_.empty() && std::ranges::all_of(targets_, [&](const Target& t) { return t.started >= series_.count; });
}

void RawSeries::start_due(const SeriesObserver& observer) {
  const MonotonicTime now = clock_.now();
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    Target& target = targets_[i];
    if (target.started < series_.count && !target.waiting && now >= target.due) start(i, target, observer);
  }
}

void RawSeries::start(std::size_t index, Target& target, const SeriesObserver& observer) {
  const RawPlan& plan = plans_[index];
  const MonotonicTime now = clock_.now();
  if (plan.error) {
    target.started = series_.count;  // nothing would change
    wanted_ = observer(index, failed_handshake(plan)) && wanted_;
    return;
  }
  if (target.free_ports.empty()) return;
  const std::uint16_t port = target.free_ports.front();
  target.free_ports.erase(target.free_ports.begin());
  ++target.started;
  target.waiting = series_.flood;
  // The rhythm is kept, but nothing is made up for.
  target.due = series_.flood ? now : std::max(target.due + series_.interval, now);
  const ActiveOptions active = active_options(plan, options_, port, raw_clock_, now);
  probes_.push_back({index, false, std::make_unique<ActiveSession>(active, clock_)});
  tuples_.push_back(active.tuple);
}

MonotonicTime RawSeries::deadline() const {
  MonotonicTime earliest = clock_.now() + kLongestWait;
  for (const Probe& probe : probes_) earliest = std::min(earliest, probe.session->deadline());
  for (const Target& target : targets_) {
    const bool may_start = target.started < series_.count && !target.waiting && !target.free_ports.empty();
    if (may_start) earliest = std::min(earliest, target.due);
  }
  return earliest;
}

void RawSeries::receive() {
  auto delivery = network_.receive_any(tuples_, deadline());
  if (!delivery) {
    for (Probe& probe : probes_) probe.session->fail(delivery.error());
    for (Target& target : targets_) target.started = series_.count;
  } else if (*delivery) {
    probes_[(*delivery)->connection].session->take((*delivery)->seen);
  }
}

void RawSeries::stop_all() {
  for (Probe& probe : probes_) probe.session->stop();
  for (Target& target : targets_) target.started = series_.count;
}

void RawSeries::report(const SeriesObserver& observer) {
  for (std::size_t i = 0; i < probes_.size();) {
    Probe& probe = probes_[i];
    Target& target = targets_[probe.target];
    if (!probe.reported && probe.session->decided()) {
      probe.reported = true;
      target.waiting = false;
      wanted_ = observer(probe.target, probe.session->snapshot()) && wanted_;
    }
    if (!probe.session->finished()) {
      ++i;
      continue;
    }
    target.free_ports.push_back(tuples_[i].local.port);
    probes_.erase(probes_.begin() + static_cast<std::ptrdiff_t>(i));
    tuples_.erase(tuples_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace tcp::trace
