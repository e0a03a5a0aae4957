// SPDX-License-Identifier: MIT
#include "cmd/sockets_pass.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>

#include "cmd/interrupt.hpp"

namespace tcp::cmd {
namespace {

// The result of a function that runs in the namespace; an error of getting there as well.
template <class T, class Function>
Result<T> result_in(const sockets::NetworkNamespace& network_namespace, Function function) {
  std::optional<Result<T>> result;
  TCP_TRY(sockets::run_in(network_namespace, [&] { result = function(); }));
  return std::move(*result);
}

}  // namespace

void nap_until(MonotonicTime time, const Clock& clock, const StopFlag& stop, const std::function<bool()>& on_tick) {
  constexpr Duration kLongestNap = std::chrono::milliseconds(50);  // so that a signal or a key is noticed
  while (!stop.load(std::memory_order_relaxed) && !on_tick()) {
    const Duration left = std::min<Duration>(time - clock.now(), kLongestNap);
    if (left <= Duration::zero()) return;
    const timespec patience{0, static_cast<long>(left.count())};
    ::ppoll(nullptr, 0, &patience, nullptr);
  }
}

void SocketsPass::begin_look(MonotonicTime now) {
  rates_.begin_look(now);
  query_.rates = &rates_;
}

Result<void> SocketsPass::prime(MonotonicTime now) {
  begin_look(now);
  sockets::Query first = query_;
  first.holders = first.cgroups = false;
  // What asks for a rate would select nothing yet, and holders are looked for once only.
  const auto needs = first.filter.needs();
  if (needs.rates || needs.holders || needs.cgroup) first.filter = {};
  first.details |= static_cast<sockets::DetailSet>(sockets::Detail::tcp_info);
  SocketsNotes unsaid;
  return in_each(first, unsaid, [](const sockets::Query& query) {
    return sockets::query_sockets(query, [](const sockets::SocketRow&) { return true; });
  });
}

Result<void> SocketsPass::look_before(const Clock& clock, Duration period) {
  const Interrupt interrupt;
  const MonotonicTime begin = clock.now();
  TCP_TRY(prime(begin));
  nap_until(begin + period, clock, interrupt.flag());
  interrupt.raise_again();
  begin_look(clock.now());
  return {};
}

Result<void> SocketsPass::run(SocketsNotes& notes, const sockets::RowHandler& handler) {
  bool more = true;
  return in_each(query_, notes, [&](const sockets::Query& query) -> Result<sockets::QueryOutcome> {
    if (!more) return sockets::QueryOutcome();
    return sockets::query_sockets(query, [&](const sockets::SocketRow& row) {
      notes.see(row);
      more = handler(row);
      return more;
    });
  });
}

Result<void> SocketsPass::in_each(const sockets::Query& query, SocketsNotes& notes, const Handle& handle) {
  if (namespaces_.empty()) {
    TCP_TRY_ASSIGN(outcome, handle(query));
    notes.add(outcome);
    return {};
  }
  for (const sockets::NetworkNamespace& place : namespaces_) {
    const std::string label = place.label();
    sockets::Query here = query;
    here.network_namespace = label;
    if (names_ != nullptr) names_->forget_interfaces();
    auto outcome = result_in<sockets::QueryOutcome>(place, [&] { return handle(here); });
    if (outcome) {
      notes.add(*outcome);
    } else if (namespaces_.size() == 1) {
      return std::unexpected(std::move(outcome).error());
    } else {
      notes.add_warning("network namespace " + label + ": " + outcome.error().message());
    }
  }
  return {};
}

Result<std::vector<std::optional<std::uint64_t>>> SocketsPass::read_counters() const {
  std::vector<std::optional<std::uint64_t>> sums(sockets::kCounters);
  const auto add = [&](const sockets::CounterValues& values, bool first) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const auto value = values.get(i);
      const bool counts = first || !sockets::counters()[i].whole_host;
      if (value && counts) sums[i] = sums[i].value_or(0) + *value;
    }
  };
  if (namespaces_.empty()) {
    TCP_TRY_ASSIGN(values, sockets::read_counters());
    add(values, true);
  }
  for (std::size_t i = 0; i < namespaces_.size(); ++i) {
    const auto values = result_in<sockets::CounterValues>(namespaces_[i], [] { return sockets::read_counters(); });
    if (values) add(*values, i == 0);  // what fails has been said already
  }
  return sums;
}

const sockets::NetworkNamespace* SocketsPass::find(std::string_view label) const {
  const auto place = std::ranges::find_if(namespaces_, [&](const auto& one) { return one.label() == label; });
  return place == namespaces_.end() ? nullptr : &*place;
}

}  // namespace tcp::cmd
