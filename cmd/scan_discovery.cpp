// SPDX-License-Identifier: MIT
#include "cmd/scan_discovery.hpp"

#include "cmd/scan_words.hpp"
#include "libtcp/scan/neighbour_network.hpp"

namespace tcp::cmd {

using scan::HostState;

Result<ScanDiscovery> ScanDiscovery::open(const ScanDiscoveryWords& words, const ScanProbeOptions& probes,
                                          const scan::ProbeSpace& space, bool is_part, bool raw, unsigned tries,
                                          const Clock& clock) {
  const DiscoveryQuestion question{space.targets().size(), space.port_count(), is_part};
  ScanDiscovery discovery;
  discovery.words_ = words;
  discovery.raw_ = raw;
  discovery.targets_ = question.hosts;
  TCP_TRY_ASSIGN(choice, choose(words, probes, question));
  discovery.choice_ = std::move(choice);
  if (!discovery.choice_.on) return discovery;
  scan::WayOptions ways;
  TCP_TRY_ASSIGN(interface_index, interface_index_of(probes.interface));
  ways.interface_index = interface_index;
  ways.source = probes.source;
  ways.gateway_mac = probes.gateway_mac;
  discovery.routes_ = std::make_unique<Routes>(ways);
  TCP_TRY_ASSIGN(plan, plan_discovery(space.targets(), discovery.routes_->ways));
  discovery.plan_ = std::move(plan);
  discovery.choice_ = choose_by_place(words, question, discovery.plan_.elsewhere.size());
  if (discovery.choice_.on) TCP_TRY(discovery.open_networks(probes, raw, tries, clock));
  return discovery;
}

Result<void> ScanDiscovery::open_networks(const ScanProbeOptions& probes, bool raw, unsigned tries,
                                          const Clock& clock) {
  const bool v4 = plan_.elsewhere.has(Family::v4) || plan_.on_link.has(Family::v4);
  const bool v6 = plan_.elsewhere.has(Family::v6) || plan_.on_link.has(Family::v6);
  if (!plan_.on_link.empty()) neighbours_ = std::make_unique<scan::NeighbourNetwork>(routes_->ways, clock);
  TCP_TRY_ASSIGN(network, open_discovery_network(probes, {v4, v6, raw, tries}, clock));
  network_ = std::move(network);
  return {};
}

Result<void> ScanDiscovery::take_up(const scan::ScanOptions& options) {
  if (options.resume == nullptr) return {};
  const scan::Checkpoint& saved = *options.resume;
  if (saved.left_out) {
    if (words_.unwanted) {
      return usage_error("--no-discover", "the scan that --resume goes on with leaves hosts out that were silent");
    }
    if (saved.left_out->hosts.size() != targets_) return usage_error("--resume", "is of another number of targets");
    left_out_ = saved.left_out;
    choice_ = {true, "as the scan that is resumed"};
    return {};
  }
  const bool untouched = saved.states.empty() && saved.base == scan::begin_of(saved.shard, saved.pairs);
  if (untouched) return {};
  if (words_.wanted) return usage_error("--discover", "the scan that --resume goes on with probes every host");
  choice_ = {false, "the scan that is resumed probes every host"};
  return {};
}

void ScanDiscovery::add_to_run(Record& run) const {
  run.add("discovery", choice_.on);
  run.add("discovery_reason", choice_.why);
}

Result<void> ScanDiscovery::run(Context& context, scan::ScanOptions& options, std::vector<IpAddress> answered,
                                ScanReporter& reporter) {
  if (!choice_.on) return {};
  if (!left_out_) {
    context.note("discovery: " + choice_.why);
    if (!network_.why_without_echo.empty()) context.note("discovery: no echo requests: " + network_.why_without_echo);
    scan::DiscoveryOptions search;
    search.timing = options.timing;
    search.rates = options.rates;
    search.exact_rate = options.exact_rate;
    search.seed = options.seed;
    search.lone_silence_counts = raw_;
    search.answered_earlier = std::move(answered);
    const scan::TargetSet& targets = options.space.targets();
    TCP_TRY_ASSIGN(found, discover(targets, plan_, search, {neighbours_.get(), network_.echo.get(), network_.tcp.get()},
                                   context.clock, reporter));
    found_ = std::move(found);
    tell(context);
    show(targets, reporter);
    if (found_->complete) left_out_ = found_->hosts.left_out();
  }
  neighbours_.reset();
  network_ = {};
  if (left_out_) options.left_out = &*left_out_;
  return {};
}

void ScanDiscovery::tell(Context& context) const {
  if (found_->told_nothing) {
    context.note("discovery: nobody answers, which tells nothing without raw sockets: every host is scanned");
  }
}

// Interrupted, it cannot say who is silent.
void ScanDiscovery::show(const scan::TargetSet& targets, ScanReporter& reporter) const {
  for (std::uint64_t i = 0; i < targets.size(); ++i) {
    const HostState state = found_->hosts.state(i);
    if (state == HostState::unknown || (state == HostState::silent && !found_->complete)) continue;
    scan::HostFinding finding = found_->hosts[i];
    finding.host = targets[i];
    reporter.host(finding);
  }
}

void ScanDiscovery::add_to(scan::ScanSummary& summary) const {
  if (found_) summary.elapsed += found_->elapsed;
}

void ScanDiscovery::add_to_summary(Record& summary) const {
  const auto or_null = [this](std::uint64_t count) { return left_out_ ? Value(count) : Value(nullptr); };
  const std::uint64_t out = left_out_ ? left_out_->hosts.count() : 0;
  const std::uint64_t down = left_out_ ? left_out_->down : 0;
  summary.add("hosts_alive", found_ ? Value(found_->hosts.count(HostState::alive)) : or_null(targets_ - out));
  summary.add("hosts_silent", or_null(out - down));
  summary.add("hosts_down", or_null(down));
  summary.add("discovery_probes", found_ ? Value(found_->probes_sent) : Value(nullptr));
  summary.add("discovery_us", found_ ? Value(microseconds(found_->elapsed)) : Value(nullptr));
}

}  // namespace tcp::cmd
