// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_repeat.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

#include "libtcp/trace/distribution.hpp"

namespace tcp::cmd {
namespace {

using trace::Outcome;

constexpr unsigned kMostProbes = 1'000'000;  // of each target; every round-trip time is kept
constexpr Duration kLeastInterval = std::chrono::milliseconds(1);

double trace_microseconds(Duration duration) { return static_cast<double>(duration.count()) / 1e3; }

const trace::IcmpAnswer* ending_icmp(const trace::Handshake& handshake) {
  const auto event = std::ranges::find(handshake.events, trace::Role::icmp_error, &trace::HandshakeEvent::role);
  return event == handshake.events.end() ? nullptr : event->icmp();
}

// Our own kernel gave up asking who has the address: nothing came back.
bool nobody_there(const trace::Handshake& handshake) {
  const trace::IcmpAnswer* icmp = ending_icmp(handshake);
  const IpAddress local = handshake.tuple.local.address.without_scope();
  return icmp != nullptr && icmp->sender == local && local != handshake.tuple.remote.address.without_scope();
}

void add_distribution(Record& record, const std::optional<trace::Distribution>& all) {
  const auto add = [&](const char* key, Duration trace::Distribution::* field) {
    record.add(key, all ? Value(trace_microseconds((*all).*field)) : Value());
  };
  add("min_us", &trace::Distribution::least);
  add("median_us", &trace::Distribution::median);
  add("p90_us", &trace::Distribution::p90);
  add("p99_us", &trace::Distribution::p99);
  add("max_us", &trace::Distribution::most);
  add("mean_us", &trace::Distribution::mean);
  add("deviation_us", &trace::Distribution::deviation);
  List bins;
  for (const auto& bin : all ? all->bins : std::vector<trace::Distribution::Bin>()) {
    Record entry("bin");
    entry.add("from_us", trace_microseconds(bin.from));
    entry.add("to_us", trace_microseconds(bin.to));
    entry.add("count", bin.count);
    bins.emplace_back(std::move(entry));
  }
  record.add("histogram", std::move(bins));
}

}  // namespace

void TraceRepeatWords::define(CLI::App& app) {
  const char* const group = "Repetition";
  app.add_option("-c,--count", count, "Make so many handshakes with each target, side by side, and sum them up")
      ->type_name("COUNT")
      ->group(group);
  app.add_option("--interval", interval, "From the start of one to the next (default 1s)")
      ->type_name("DURATION")
      ->group(group);
  app.add_flag("--flood", flood, "As fast as answers come; only loopback, private and link-local targets")
      ->group(group);
}

Result<trace::SeriesOptions> settle(const TraceRepeatWords& words) {
  trace::SeriesOptions series;
  if (!words.given() && (words.flood || !words.interval.empty())) {
    return usage_error(words.flood ? "--flood" : "--interval", "needs --count");
  }
  if (words.flood && !words.interval.empty()) return usage_error("--flood and --interval", "choose one");
  TCP_TRY_ASSIGN(count, settle_number<unsigned>("--count", words.count, 1, kMostProbes));
  TCP_TRY_ASSIGN(interval, settle_duration("--interval", words.interval, series.interval));
  if (interval < kLeastInterval) return usage_error("--interval " + words.interval, "must be at least 1ms; or --flood");
  series.count = count.value_or(1);
  series.interval = interval;
  series.flood = words.flood;
  return series;
}

Result<void> allow_flood(const std::vector<Endpoint>& targets) {
  for (const Endpoint& target : targets) {
    const IpAddress address = target.address.unmapped();
    if (address.is_loopback() || address.is_private() || address.is_link_local()) continue;
    return usage_error("--flood " + to_string(address), "must be a loopback, private or link-local address");
  }
  return {};
}

void TraceSeries::count(const trace::Handshake& handshake, const trace::Meaning& meaning) {
  syns_ += handshake.syn_count;
  switch (handshake.outcome) {
    case Outcome::established:
    case Outcome::half_open: ++established_; [[fallthrough]];
    case Outcome::refused:
    case Outcome::reset:
    case Outcome::incomplete: ++answered_; break;
    case Outcome::unreachable: ++(nobody_there(handshake) ? lost_ : answered_); break;
    case Outcome::filtered:
    case Outcome::unanswered: ++lost_; break;
    case Outcome::failed: ++failed_; break;
    case Outcome::interrupted: break;
  }
  if (!meaning.round_trip) return;
  if (meaning.round_trip->basis == trace::RoundTripBasis::ambiguous) {
    ++ambiguous_;
  } else {
    samples_.push_back(meaning.round_trip->shortest);
  }
}

Record TraceSeries::add(const trace::Handshake& handshake) {
  const trace::Meaning meaning = trace::interpret(handshake);
  count(handshake, meaning);
  const bool bound = handshake.tuple.local.port != 0;
  const auto& rtt = meaning.round_trip;
  const trace::IcmpAnswer* icmp = ending_icmp(handshake);
  Record record("probe");
  record.add("target", target_.name);
  record.add("address", target_.address ? Value(to_string(*target_.address)) : Value());
  record.add("port", target_.port);
  record.add("number", ++number_);
  record.add("technique", to_string(handshake.technique));
  record.add("local_port", bound ? Value(handshake.tuple.local.port) : Value());
  record.add("started", handshake.events.empty() ? Value() : Value(to_rfc3339(handshake.events.front().time)));
  record.add("outcome", to_string(handshake.outcome));
  record.add("round_trip_us", rtt ? Value(trace_microseconds(rtt->shortest)) : Value());
  record.add("round_trip_longest_us", rtt ? Value(trace_microseconds(rtt->longest)) : Value());
  record.add("round_trip_basis", rtt ? Value(to_string(rtt->basis)) : Value());
  record.add("syn_count", handshake.syn_count);
  record.add("time_to_live", meaning.distance ? Value(meaning.distance->time_to_live) : Value());
  record.add("icmp", icmp == nullptr ? Value() : Value(icmp_record(*icmp)));
  record.add("error", handshake.failure ? Value(handshake.failure->message()) : Value());
  return record;
}

Record TraceSeries::statistics() const {
  const std::uint64_t sent = answered_ + lost_;
  Record record("statistics");
  record.add("target", target_.name);
  record.add("address", target_.address ? Value(to_string(*target_.address)) : Value());
  record.add("port", target_.port);
  record.add("sent", sent);
  record.add("answered", answered_);
  record.add("lost", lost_);
  record.add("loss_percent",
             sent == 0 ? Value() : Value(100.0 * static_cast<double>(lost_) / static_cast<double>(sent)));
  record.add("established", established_);
  record.add("failed", failed_);
  record.add("syns", syns_);
  record.add("round_trips", samples_.size());
  record.add("ambiguous", ambiguous_);
  add_distribution(record, trace::distribution_of(samples_));
  return record;
}

}  // namespace tcp::cmd
