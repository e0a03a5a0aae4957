// SPDX-License-Identifier: MIT
// The sentences about what our SYN asked for.
#include <fmt/format.h>

#include <algorithm>

#include "libtcp/trace/offers.hpp"

namespace tcp::trace {
namespace {

namespace control = packet::control;

constexpr std::uint32_t kCookieOptionBits = 0x3f;  // of Linux's TSval: window scale, SACK, ECN
constexpr std::uint32_t kCookieSack = 0x10;

std::string seconds(Duration duration) { return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1e9); }

std::string_view ecn_statement(EcnAnswer answer) {
  switch (answer) {
    case EcnAnswer::none: return "asked for, not granted";
    case EcnAnswer::classic: return "yes: congestion can be told without loss";
    case EcnAnswer::accurate_not_ect: return "accurate, and our SYN arrived as it left (Not-ECT)";
    case EcnAnswer::accurate_ect1: return "accurate, and our SYN arrived marked ECT(1)";
    case EcnAnswer::accurate_ect0: return "accurate, and our SYN arrived marked ECT(0)";
    case EcnAnswer::accurate_ce: return "accurate, and our SYN arrived marked CE: congestion";
    case EcnAnswer::reserved: return "an answer that means nothing today";
    case EcnAnswer::reflected: return "no: our own bits came back, which is broken";
  }
  return "";
}

class OfferFindings {
 public:
  OfferFindings(const Handshake& handshake, const Meaning& meaning)
      : handshake_(handshake),
        meaning_(meaning),
        syn_(first_segment(handshake, Party::client, Role::syn)),
        syn_ack_(first_segment(handshake, Party::server, Role::syn_ack)) {}

  std::vector<Finding> all() {
    if (syn_ != nullptr && syn_ack_ != nullptr) {
      ecn();
      fast_open();
      multipath();
      cookies();
    }
    if (meaning_.split_handshake) {
      add(Topic::split_handshake, "the peer split its answer: first an ACK, then a SYN of its own",
          "an ACK of our SYN without SYN came first");
    }
    return std::move(findings_);
  }

 private:
  void add(Topic topic, std::string statement, std::string evidence) {
    findings_.push_back({topic, std::move(statement), std::move(evidence)});
  }
  void unknown(Topic topic) {
    add(topic, "no evidence", "a repeated SYN does not ask for it, and may be the answered one");
  }

  void ecn() {
    if (!syn_->header.has(control::ece | control::cwr)) return;
    if (!meaning_.ecn_answer) return unknown(Topic::congestion);
    const auto bit = [this](std::uint16_t mask) { return syn_ack_->header.has(mask) ? 1 : 0; };
    add(Topic::congestion, std::string(ecn_statement(*meaning_.ecn_answer)),
        syn_->header.has(control::ae)
            ? fmt::format("AE {}, CWR {}, ECE {} on the SYN-ACK", bit(control::ae), bit(control::cwr),
                          bit(control::ece))
            : fmt::format("CWR {}, ECE {} on the SYN-ACK", bit(control::cwr), bit(control::ece)));
  }

  void fast_open() {
    if (syn_->options.find<packet::FastOpen>() == nullptr) return;
    if (!meaning_.fast_open) return unknown(Topic::fast_open);
    if (!*meaning_.fast_open) return add(Topic::fast_open, "no cookie", "none on the SYN-ACK");
    add(Topic::fast_open,
        fmt::format("yes: a cookie of {} bytes", syn_ack_->options.find<packet::FastOpen>()->cookie_length),
        "Fast Open option of their SYN-ACK");
  }

  void multipath() {
    if (syn_->options.find<packet::Mptcp>() == nullptr) return;
    if (!meaning_.multipath) return unknown(Topic::multipath);
    if (*meaning_.multipath) return add(Topic::multipath, "accepted", "MP_CAPABLE on their SYN-ACK");
    add(Topic::multipath, "no: it fell back to TCP", "no MP_CAPABLE on their SYN-ACK");
  }

  void cookies() {
    if (handshake_.outcome == Outcome::half_open) return cookies_of_half_open();
    if (meaning_.syn_cookies != SynCookies::possible) return;
    add(Topic::syn_cookies, "possible: they forgot what we offered",
        "only an MSS on the SYN-ACK; an old or bare stack looks the same");
  }

  void cookies_of_half_open() {
    const SynAckCount seen = count_syn_acks(handshake_);
    if (!seen.repeated_after.empty()) {
      std::string times;
      for (const Duration after : seen.repeated_after) times += (times.empty() ? "" : ", ") + seconds(after);
      add(Topic::syn_cookies, "unlikely: it keeps state for us", "the SYN-ACK came again after " + times);
    } else if (meaning_.syn_cookies == SynCookies::likely) {
      add(Topic::syn_cookies, "likely: it keeps nothing until we confirm",
          fmt::format("one SYN-ACK only, in {}{}", seconds(seen.waited), timestamp_evidence()));
    } else {
      add(Topic::syn_cookies, "no evidence",
          fmt::format("{} are too short to see the SYN-ACK repeated or not", seconds(seen.waited)));
    }
  }

  // Linux hides our options there; one timestamp in 64 looks so by chance.
  [[nodiscard]] std::string timestamp_evidence() const {
    const auto* theirs = syn_ack_->options.find<packet::Timestamps>();
    const auto* scale = syn_->options.find<packet::WindowScale>();
    if (theirs == nullptr || scale == nullptr || syn_->options.find<packet::SackPermitted>() == nullptr) return "";
    const bool ours = (theirs->value & kCookieOptionBits) == (kCookieSack | (scale->shift & 0x0fU));
    return ours ? "; its timestamp ends as Linux's cookies do" : "";
  }

  const Handshake& handshake_;
  const Meaning& meaning_;
  const Segment* syn_;
  const Segment* syn_ack_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> find_offers(const Handshake& handshake, const Meaning& meaning) {
  return OfferFindings(handshake, meaning).all();
}

}  // namespace tcp::trace
