// SPDX-License-Identifier: MIT
#include "libtcp/scan/discovery.hpp"

#include <algorithm>

#include "libtcp/packet/icmp_types.hpp"
#include "libtcp/scan/echo_codec.hpp"

namespace tcp::scan {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kMostDiscarded = 1'000;  // receptions
// The kernel asks a neighbour three times, a second apart (arp(7), mcast_solicit and retrans_time_ms).
constexpr Duration kNeighbourTry = 1200ms;
constexpr unsigned kNeighbourRetries = 3;

bool is_from_target(const Answer& answer) {
  return answer.sender.without_scope() == answer.target.address.without_scope();
}

// Whatever the host itself sends shows that it is there. Of what others send, an unreachable says that it makes no
// sense to ask again.
std::optional<Verdict> classify_presence(const Answer& answer) noexcept {
  switch (answer.kind) {
    case AnswerKind::presence: return Verdict{PortState::open, Reason::presence};
    case AnswerKind::syn_ack: return Verdict{PortState::open, Reason::syn_ack};
    case AnswerKind::rst: return Verdict{PortState::closed, Reason::rst};
    case AnswerKind::not_sent: return Verdict{PortState::error, Reason::not_sent};
    case AnswerKind::icmp: break;
  }
  if (!is_from_target(answer) && !answer.icmp.is_unreachable()) return std::nullopt;
  return Verdict{PortState::filtered, Reason::icmp};
}

constexpr Technique kPresence{"discovery", "whether a host is there", true,
                              0,           classify_presence,         Verdict{PortState::filtered, Reason::silence}};

// RFC 1812 §5.2.7.1, RFC 4443 §3.1: the last router has asked for the host in vain.
bool is_host_unreachable(const packet::IcmpHeader& icmp) {
  constexpr std::uint8_t kHostUnreachable = 1;
  constexpr std::uint8_t kHostUnknown = 7;
  constexpr std::uint8_t kAddressUnreachable = 3;
  if (!icmp.is_unreachable()) return false;
  if (icmp.family == Family::v6) return icmp.code == kAddressUnreachable;
  return icmp.code == kHostUnreachable || icmp.code == kHostUnknown;
}

enum class Question : std::uint8_t { neighbour, echo, tcp };

// Hears one of the scans that the search is made of.
class Stage final : public Observer {
 public:
  Stage(Question question, const TargetSet& targets, const TargetSet& asked, HostFindings& hosts, Observer& outer)
      : question_(question),
        targets_(targets),
        asked_(asked),
        hosts_(hosts),
        outer_(outer),
        decided_{HostSet(asked.size()), 0} {}

  void on_result(const PortResult& result) override {
    const auto host = targets_.index_of(result.target.address);
    if (!host) return;
    hear(*host, result);
    const HostState state = hosts_.state(*host);
    if (state != HostState::alive && state != HostState::down) return;
    heard_ = true;
    if (const auto place = asked_.index_of(result.target.address)) decided_.hosts.insert(*place);
  }
  void on_progress(const Progress& progress) override {
    Progress own = progress;
    own.discovery = true;
    outer_.on_progress(own);
  }
  bool stop_requested() override { return outer_.stop_requested(); }

  // Of those that are asked, whom nothing more needs to be asked.
  [[nodiscard]] const LeftOut& decided() const noexcept { return decided_; }
  [[nodiscard]] bool heard() const noexcept { return heard_; }

 private:
  void hear(std::uint64_t host, const PortResult& result) {
    switch (result.reason) {
      case Reason::presence:
        hosts_.set(host, question_ == Question::echo ? HostEvidence::echo_reply : HostEvidence::neighbour);
        break;
      case Reason::syn_ack: hosts_.set(host, HostEvidence::syn_ack); break;
      case Reason::rst: hosts_.set(host, HostEvidence::rst); break;
      case Reason::icmp: hear_icmp(host, result); break;
      case Reason::silence: hear_silence(host, result.probes_sent); break;
      case Reason::not_sent:
        if (question_ == Question::neighbour && result.error && result.error->is(std::errc::host_unreachable)) {
          hosts_.set(host, HostEvidence::no_neighbour);
        }
        break;
    }
  }
  void hear_icmp(std::uint64_t host, const PortResult& result) {
    if (!result.icmp || !result.icmp_sender) return;
    const HostState before = hosts_.state(host);
    if (before == HostState::alive || before == HostState::down) return;
    hosts_.set_icmp(host, *result.icmp, *result.icmp_sender);
    if (result.icmp_sender->without_scope() == result.target.address.without_scope()) {
      hosts_.set(host, HostEvidence::icmp_error);
    } else {
      hosts_.set(host, is_host_unreachable(*result.icmp) ? HostEvidence::unreachable : HostEvidence::icmp_from_other);
    }
  }
  // Of neighbours, silence is no more than that the kernel has not made up its mind.
  void hear_silence(std::uint64_t host, unsigned tries) {
    if (question_ == Question::echo) hosts_.add_silence(host, tries, 0);
    if (question_ == Question::tcp) hosts_.add_silence(host, 0, tries);
  }

  Question question_;
  const TargetSet& targets_;
  const TargetSet& asked_;
  HostFindings& hosts_;
  Observer& outer_;
  LeftOut decided_;
  bool heard_ = false;
};

class Search {
 public:
  Search(const TargetSet& targets, const DiscoveryPlan& plan, const DiscoveryOptions& options,
         const DiscoveryNetworks& networks, const Clock& clock, Observer& observer)
      : targets_(targets),
        plan_(plan),
        options_(options),
        networks_(networks),
        clock_(clock),
        observer_(observer),
        started_(clock.now()) {
    found_.hosts = HostFindings(targets.size(), static_cast<std::uint8_t>(kDiscoveryPorts.size()));
  }

  Result<Discovery> operator()() {
    set_all(plan_.own, HostEvidence::own_address);
    for (const IpAddress& address : options_.answered_earlier) {
      if (const auto host = targets_.index_of(address)) found_.hosts.set(*host, HostEvidence::answered_earlier);
    }
    TCP_TRY(ask(Question::neighbour, networks_.neighbours, plan_.on_link, {kEchoPort}));
    TCP_TRY(ask(Question::echo, networks_.echo, plan_.elsewhere, {kEchoPort}));
    const std::vector<std::uint16_t> ports(kDiscoveryPorts.begin(), kDiscoveryPorts.end());
    TCP_TRY(ask(Question::tcp, networks_.tcp, plan_.elsewhere, ports));
    TCP_TRY(ask(Question::tcp, networks_.tcp, plan_.on_link, ports));
    if (found_.complete && !heard_ && !options_.lone_silence_counts) {
      found_.told_nothing = found_.hosts.count(HostState::silent) > 0;
      found_.hosts.forget_silence();
    }
    found_.elapsed = clock_.now() - started_;
    return std::move(found_);
  }

 private:
  void set_all(const TargetSet& set, HostEvidence evidence) {
    for (std::uint64_t i = 0; i < set.size(); ++i) {
      if (const auto host = targets_.index_of(set[i])) found_.hosts.set(*host, evidence);
    }
  }

  // Those of whom neither is known that they are alive nor that they are not.
  [[nodiscard]] Result<TargetSet> undecided(const TargetSet& set) const {
    RangeCollector collector;
    for (std::uint64_t i = 0; i < set.size(); ++i) {
      const auto host = targets_.index_of(set[i]);
      if (!host) continue;
      const HostState state = found_.hosts.state(*host);
      if (state == HostState::alive || state == HostState::down) continue;
      collector.add({set[i], set[i]});
    }
    return std::move(collector).settle();
  }

  [[nodiscard]] Timing timing_of(Question question) const {
    Timing timing = options_.timing;
    timing.host_timeout.reset();
    if (question != Question::neighbour) return timing;
    timing.retries = kNeighbourRetries;
    timing.rto = {kNeighbourTry, kNeighbourTry, kNeighbourTry};
    return timing;
  }

  // What came before the first probe answers none.
  Result<void> discard(Network& network) {
    for (unsigned i = 0; i < kMostDiscarded; ++i) {
      TCP_TRY_ASSIGN(answers, network.receive(clock_.now()));
      if (answers.empty()) break;
    }
    (void)network.take_lost();
    return {};
  }

  Result<void> ask(Question question, Network* network, const TargetSet& set, const std::vector<std::uint16_t>& ports) {
    if (network == nullptr || !found_.complete) return {};
    TCP_TRY_ASSIGN(left, undecided(set));
    if (left.empty()) return {};
    TCP_TRY(discard(*network));
    ScanOptions scan;
    TCP_TRY_ASSIGN(space, ProbeSpace::make(std::move(left), ports));
    scan.space = std::move(space);
    scan.technique = &kPresence;
    scan.timing = timing_of(question);
    scan.rates = options_.rates;
    scan.exact_rate = options_.exact_rate;
    scan.seed = options_.seed;
    Stage stage(question, targets_, scan.space.targets(), found_.hosts, observer_);
    scan.left_out = &stage.decided();
    TCP_TRY_ASSIGN(summary, run(scan, clock_, *network, stage));
    found_.probes_sent += summary.counts.probes_sent;
    found_.complete = summary.complete;
    heard_ = heard_ || (question != Question::neighbour && stage.heard());
    return {};
  }

  const TargetSet& targets_;
  const DiscoveryPlan& plan_;
  const DiscoveryOptions& options_;
  const DiscoveryNetworks& networks_;
  const Clock& clock_;
  Observer& observer_;
  MonotonicTime started_;
  Discovery found_;
  bool heard_ = false;  // by echo or TCP
};

}  // namespace

Result<Discovery> discover(const TargetSet& targets, const DiscoveryPlan& plan, const DiscoveryOptions& options,
                           const DiscoveryNetworks& networks, const Clock& clock, Observer& observer) {
  return Search(targets, plan, options, networks, clock, observer)();
}

}  // namespace tcp::scan
