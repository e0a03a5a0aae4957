// SPDX-License-Identifier: MIT
#include "libtcp/trace/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "libtcp/base/parse.hpp"
#include "libtcp/trace/offers.hpp"

namespace tcp::trace {
namespace {

std::string milliseconds(Duration duration) {
  return fmt::format("{:.3f} ms", static_cast<double>(duration.count()) / 1e6);
}

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// Collects findings in order.
class Findings {
 public:
  Findings(const Handshake& handshake, const Meaning& meaning, const HandshakeEvent* answer)
      : handshake_(handshake), meaning_(meaning), answer_(answer) {}

  std::vector<Finding> all() {
    result();
    round_trip();
    retransmission();
    segment_size();
    window();
    options();
    distance();
    reset_origin();
    simultaneous_open();
    data();
    closing();
    limits();
    return std::move(findings_);
  }

 private:
  [[nodiscard]] bool crafted() const { return handshake_.technique == Technique::raw; }
  void add(Topic topic, std::string statement, std::string evidence) {
    findings_.push_back({topic, std::move(statement), std::move(evidence)});
  }

  void result() {
    const auto port = handshake_.tuple.remote.port;
    switch (handshake_.outcome) {
      case Outcome::established:
        add(Topic::result, fmt::format("open: a service accepts connections on port {}", port),
            crafted() ? "it acknowledged exactly our SYN" : "connect() succeeded");
        break;
      case Outcome::refused:
        add(Topic::result, fmt::format("closed: nothing accepts connections on port {}", port),
            crafted() ? "an RST that acknowledges our SYN" : "connect() was refused and no ICMP error was queued");
        break;
      case Outcome::filtered:
        add(Topic::result, "no answer: a filter drops it, or nobody has this address",
            fmt::format("silence after {}", plural(handshake_.syn_count, "SYN")));
        break;
      case Outcome::unreachable: unreachable(); break;
      case Outcome::incomplete:
        add(Topic::result, "half-open: the peer wants to open too, but never acknowledged us",
            "a SYN of the peer's, no acknowledgment of ours");
        break;
      case Outcome::half_open:
        add(Topic::result, fmt::format("open: a service would accept on port {}; we left it half-open", port),
            "it acknowledged exactly our SYN, and we never confirmed it");
        break;
      case Outcome::reset:
      case Outcome::unanswered: probe_result(); break;
      case Outcome::failed: add(Topic::result, "nothing could be sent", failure_text()); break;
      case Outcome::interrupted: add(Topic::result, "stopped before anything was decided", "a signal"); break;
    }
  }

  // An ACK out of nowhere is reset by open and closed ports alike; what has neither SYN nor ACK is ignored by open ones
  // (RFC 9293 §3.10.7.1 and §3.10.7.2).
  void probe_result() {
    const auto probe = std::ranges::find(handshake_.events, Role::probe, &HandshakeEvent::role);
    const bool acknowledges = probe != handshake_.events.end() && probe->segment() != nullptr &&
                              probe->segment()->header.has(packet::control::ack);
    if (handshake_.outcome == Outcome::unanswered) {
      add(Topic::result,
          acknowledges ? "no answer: a filter drops it, or nobody is there"
                       : "no answer: an open port ignores it, a filter drops it, or nobody is there",
          fmt::format("silence after {}", plural(handshake_.syn_count, "probe")));
    } else if (acknowledges) {
      add(Topic::result, "answered by a reset: no filter in between; open or closed does not show",
          "an RST with the number that our ACK named, as any port sends it");
    } else {
      add(Topic::result, "answered by a reset: likely closed",
          "an RST that acknowledges our probe; open ports ignore it, yet some systems reset it");
    }
  }

  [[nodiscard]] std::string failure_text() const {
    return handshake_.failure ? handshake_.failure->message() : std::string("no reason was given");
  }

  void unreachable() {
    const IcmpAnswer* icmp = answer_ == nullptr ? nullptr : answer_->icmp();
    if (icmp == nullptr) {
      add(Topic::result, "unreachable: an ICMP error ended it", "connect() failed; the sender was not kept");
      return;
    }
    const bool ours = icmp->sender == handshake_.tuple.local.address.without_scope();
    const bool host = icmp->sender == handshake_.tuple.remote.address.without_scope();
    const bool v4 = icmp->header.family == Family::v4;
    if (ours && !host) {
      add(Topic::result, "unreachable: nobody on the link answers for this address",
          fmt::format("our own kernel gave up asking ({})", v4 ? "ARP" : "neighbour discovery"));
      return;
    }
    add(Topic::result, fmt::format("rejected: {}", to_string(icmp->header)),
        fmt::format("{} from {}, {}", v4 ? "ICMP" : "ICMPv6", to_string(icmp->sender),
                    host ? "the host itself" : "not the host: a router or firewall on the way"));
  }

  void round_trip() {
    if (!meaning_.round_trip) return;
    const RoundTrip& rtt = *meaning_.round_trip;
    if (rtt.basis == RoundTripBasis::ambiguous) {
      add(Topic::round_trip, fmt::format("{} to {}", milliseconds(rtt.shortest), milliseconds(rtt.longest)),
          "the answer does not say which SYN it is for (Karn)");
      return;
    }
    add(Topic::round_trip, milliseconds(rtt.shortest), round_trip_evidence(rtt.basis));
  }

  [[nodiscard]] std::string round_trip_evidence(RoundTripBasis basis) const {
    if (basis == RoundTripBasis::kernel) return "the kernel's own measurement, tcpi_rtt";
    const bool timed = std::ranges::all_of(handshake_.events, [](const HandshakeEvent& event) {
      return event.kernel_time || (event.role != Role::syn && event.role != Role::syn_again);
    });
    std::string evidence = timed ? "kernel timestamps of SYN and answer" : "SYN timed by our own clock";
    if (basis == RoundTripBasis::timestamp) evidence += "; TSecr tells which SYN";
    if (basis == RoundTripBasis::quote) evidence += "; the quoted packet tells which SYN";
    return evidence;
  }

  void retransmission() {
    if (handshake_.syn_count < 2 || handshake_.outcome == Outcome::filtered) return;
    add(Topic::retransmission, fmt::format("our SYN was sent {} times", handshake_.syn_count),
        "the first ones or their answers were lost or dropped");
  }

  void segment_size() {
    const unsigned headers = handshake_.tuple.remote.address.is_v4() ? 40 : 60;
    if (meaning_.mss) {
      add(Topic::segment_size,
          fmt::format("at most {} bytes a segment; IP packets up to {}", *meaning_.mss, *meaning_.implied_mtu),
          fmt::format("their MSS option, plus {} of headers", headers));
    } else if (meaning_.window) {
      add(Topic::segment_size, fmt::format("at most {} bytes a segment", headers == 40 ? 536 : 1220),
          "no MSS option, so the default (RFC 9293)");
    } else if (handshake_.kernel) {
      add(Topic::segment_size, fmt::format("we may send {} bytes a segment", handshake_.kernel->send_mss),
          fmt::format("TCP_INFO; path MTU {} so far", handshake_.kernel->path_mtu));
    }
  }

  void window() {
    if (handshake_.kernel) {
      add(Topic::window, fmt::format("{} bytes to begin with{}", handshake_.kernel->peer_window, scale_text()),
          "TCP_INFO");
    } else if (meaning_.window) {
      add(Topic::window, fmt::format("{} bytes to begin with{}", *meaning_.window, scale_text()),
          "window field of their SYN");
    }
  }

  [[nodiscard]] std::string scale_text() const {
    if (!meaning_.window_scaling.value_or(false)) return ", never more than 65535 (no scaling)";
    const unsigned shift = std::min<unsigned>(meaning_.window_shift.value_or(0), 14);  // RFC 7323 §2.3
    return fmt::format(", later up to {} (scale {})", format_byte_count(std::uint64_t{65535} << shift), shift);
  }

  void options() {
    const std::string where = handshake_.kernel ? "TCP_INFO" : "options of their SYN";
    if (meaning_.selective_ack) {
      add(Topic::selective_ack,
          *meaning_.selective_ack ? "yes: single losses are mended quickly" : "no: losses cost more", where);
    }
    if (meaning_.timestamps) {
      add(Topic::timestamps, *meaning_.timestamps ? "yes: every segment measures the round trip" : "no", where);
    }
    if (meaning_.ecn && handshake_.kernel) {
      add(Topic::congestion, *meaning_.ecn ? "yes: congestion can be told without loss" : "asked for, not granted",
          "TCP_INFO");
    }
    std::ranges::move(find_offers(handshake_, meaning_), std::back_inserter(findings_));
  }

  void distance() {
    if (!meaning_.distance) return;
    const Distance& distance = *meaning_.distance;
    const std::string hops = distance.hops == 0 ? std::string("none: the same link or host")
                                                : fmt::format("likely {}", plural(distance.hops, "router"));
    add(Topic::distance, hops, fmt::format("TTL {}, nearest common start {}", distance.time_to_live, distance.initial));
  }

  void reset_origin() {
    if (meaning_.reset_evidence.empty()) return;
    const char* statement = "no evidence";
    if (meaning_.reset_origin == ResetOrigin::host) statement = "the host itself, as far as it shows";
    if (meaning_.reset_origin == ResetOrigin::elsewhere) statement = "likely not the host: something in front of it";
    add(Topic::reset_origin, statement, meaning_.reset_evidence);
  }

  void simultaneous_open() {
    if (!handshake_.simultaneous_open) return;
    add(Topic::simultaneous_open, "both sides opened at once", "a SYN without ACK crossed ours");
  }

  void data() {
    const std::string theirs = plural(handshake_.bytes_received, "byte");
    if (handshake_.bytes_sent != 0) {
      add(Topic::data,
          fmt::format("we said {}, they answered {}", plural(handshake_.bytes_sent, "byte"),
                      handshake_.bytes_received == 0 ? "nothing" : theirs),
          "payload after the handshake");
    } else if (handshake_.bytes_received != 0) {
      add(Topic::data, "the server speaks first: " + theirs, "payload before we sent any");
    }
  }

  void closing() {
    switch (handshake_.closing) {
      case Closing::none: break;
      case Closing::orderly: add(Topic::closing, "in order", "FIN and its acknowledgment both ways"); break;
      case Closing::reset_by_peer: add(Topic::closing, "the peer reset it", "RST after it was established"); break;
      case Closing::reset_by_us: add(Topic::closing, "we had to reset it", why_not_orderly()); break;
      case Closing::left_open: add(Topic::closing, "our side is closed, theirs is not", why_not_orderly()); break;
    }
  }

  [[nodiscard]] const char* why_not_orderly() const {
    switch (handshake_.closing_reason) {
      case ClosingReason::timeout: break;
      case ClosingReason::too_much_data: return "the peer sent more than we read";
      case ClosingReason::too_many_replies: return "the peer drew too many acknowledgments from us";
      case ClosingReason::interrupted: return "we were interrupted";
      case ClosingReason::send_failed: return "we could not send any more";
    }
    return handshake_.closing == Closing::left_open ? "no end of stream in time" : "the peer did not close in time";
  }

  void limits() {
    if (crafted()) return;
    add(Topic::limits, "segments, sequence numbers, option order, TTL and exact times",
        "made by the kernel's connect(), without privilege");
  }

  const Handshake& handshake_;
  const Meaning& meaning_;
  const HandshakeEvent* answer_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> find_all(const Handshake& handshake, const Meaning& meaning, const HandshakeEvent* answer) {
  return Findings(handshake, meaning, answer).all();
}

}  // namespace tcp::trace
