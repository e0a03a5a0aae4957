// SPDX-License-Identifier: MIT
#include "libtcp/trace/run_pmtu.hpp"

#include <algorithm>

#include "libtcp/packet/ipv4.hpp"
#include "libtcp/packet/ipv6.hpp"
#include "libtcp/packet/sequence.hpp"
#include "libtcp/trace/black_hole.hpp"
#include "libtcp/trace/pmtu_search.hpp"
#include "libtcp/trace/wire_words.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;
namespace control = packet::control;

constexpr Duration kLongestWait = 200ms;  // so that a signal that came just before the wait is noticed
constexpr Duration kSynTimeout = 1s;
constexpr Duration kLeastPatience = 200ms;  // for the answer to one packet: Linux's least RTO
constexpr Duration kMostPatience = 2s;
constexpr Duration kPace = 5ms;  // after an answer, before the next
constexpr std::uint32_t kLeastPayload = 8;
constexpr std::uint32_t kTimestampsLength = 12;  // with its padding
constexpr unsigned kTriesAtHop = 2;
constexpr unsigned kMostQuietWaits = 4;  // the longest wait for quiet, in patiences
constexpr unsigned kMostReplies = 1000;  // acknowledgments that the peer can draw from us

class PathMtuRun {
 public:
  PathMtuRun(const PathMtuOptions& options, PathNetwork& network, const Clock& clock, const StopFlag& stop)
      : options_(options),
        network_(network),
        clock_(clock),
        stop_(stop),
        started_(clock.now()),
        identification_(options.first_identification) {
    result_.remote = options.tuple.remote;
    result_.local = options.tuple.local.address;
    result_.started = clock.wall_now();
    result_.local_mtu = options.local_mtu;
  }

  PathMtu run() {
    result_.outcome = MtuOutcome::not_connected;
    if (connect()) {
      search();
      if (result_.black_hole) locate();
      close();
    }
    if (result_.failure) result_.outcome = MtuOutcome::failed;
    if (stopped()) result_.outcome = MtuOutcome::interrupted;
    return std::move(result_);
  }

 private:
  // What came in while we waited for something.
  struct Seen {
    std::optional<Segment> segment;
    std::optional<QuotingError> error;
  };

  [[nodiscard]] bool stopped() const { return stop_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool broken() const { return stopped() || result_.failure || reset_; }
  [[nodiscard]] bool v4() const { return options_.tuple.remote.address.is_v4(); }
  [[nodiscard]] std::uint32_t timestamp() const {
    return options_.timestamp_base + static_cast<std::uint32_t>((clock_.now() - started_) / 1ms);
  }
  [[nodiscard]] std::uint32_t headers() const {
    const std::size_t ip = v4() ? packet::kIpv4HeaderLength : packet::kIpv6HeaderLength;
    return static_cast<std::uint32_t>(ip + packet::kTcpHeaderLength) + (peer_timestamp_ ? kTimestampsLength : 0);
  }

  void put(const Segment& segment, std::size_t payload = 0) {
    auto sent = network_.send(options_.tuple, segment, payload);
    if (!sent && !is_passing(sent.error()) && !sent.error().is(std::errc::message_size)) {
      result_.failure = std::move(sent).error();
    }
  }

  Segment make(std::uint16_t bits, std::uint32_t sequence) {
    Segment segment;
    segment.header.control_bits = bits;
    segment.header.sequence = sequence;
    if ((bits & control::ack) != 0) segment.header.acknowledgment = peer_next_;
    segment.header.window = 502;  // 64256 bytes with the scale of 7 that our SYN offers
    if (peer_timestamp_ && (bits & control::rst) == 0) {
      segment.options = {packet::NoOperation{}, packet::NoOperation{},
                         packet::Timestamps{timestamp(), *peer_timestamp_}};
    }
    segment.flow_label = v4() ? 0 : options_.flow_label;
    if (v4()) segment.identification = identification_++;
    return segment;
  }

  void acknowledge() {
    if (replies_++ < kMostReplies) put(make(control::ack, next_));
  }

  // Until something of the peer or about us comes, or the deadline. What the peer says is acknowledged.
  Seen wait(MonotonicTime deadline) {
    while (!broken() && clock_.now() < deadline) {
      auto seen = network_.receive(std::min(deadline, clock_.now() + kLongestWait));
      if (!seen) {
        result_.failure = std::move(seen).error();
        break;
      }
      if (!*seen) continue;
      if (auto* theirs = std::get_if<PathObservation::Theirs>(&(*seen)->what)) {
        if (theirs->tuple.local.port != options_.tuple.local.port) continue;
        if (connected_) take(theirs->segment);
        return {theirs->segment, std::nullopt};
      }
      if (auto* error = std::get_if<QuotingError>(&(*seen)->what)) {
        if (error->quote.source.port == options_.tuple.local.port) return {std::nullopt, std::move(*error)};
      }
    }
    return {};
  }

  bool connect() {
    SynFields fields;
    fields.tuple = options_.tuple;
    fields.route_mss = options_.route_mss;
    fields.sequence = options_.initial_sequence;
    fields.flow_label = options_.flow_label;
    const MonotonicTime deadline = clock_.now() + options_.timeout;
    while (!broken() && clock_.now() < deadline) {
      fields.timestamp = timestamp();
      fields.identification = v4() ? identification_++ : std::uint16_t{0};
      const MonotonicTime sent = clock_.now();
      put(make_syn(options_.shape, fields));
      const MonotonicTime again = std::min(deadline, sent + kSynTimeout);
      while (!broken() && clock_.now() < again) {
        const Seen seen = wait(again);
        if (seen.error && ends_handshake(seen.error->header)) return false;
        if (!seen.segment || seen.segment->header.acknowledgment != options_.initial_sequence + 1) continue;
        if (seen.segment->header.has(control::rst)) return false;
        if (!seen.segment->header.is_syn_ack()) continue;
        round_trip_ = clock_.now() - sent;
        accept(*seen.segment);
        return true;
      }
    }
    return false;
  }

  void accept(const Segment& syn_ack) {
    connected_ = true;
    next_ = options_.initial_sequence + 1;
    peer_next_ = syn_ack.header.sequence + 1;
    if (const auto* stamps = syn_ack.options.find<packet::Timestamps>()) peer_timestamp_ = stamps->value;
    selective_ = syn_ack.options.find<packet::SackPermitted>() != nullptr && options_.shape.selective_ack;
    acknowledge();
  }

  // In order it is taken, otherwise asked for again.
  void take(const Segment& segment) {
    const auto& header = segment.header;
    if (header.has(control::rst)) {
      reset_ = reset_ || header.sequence == peer_next_;
      return;
    }
    if (const auto* stamps = segment.options.find<packet::Timestamps>(); stamps != nullptr && peer_timestamp_) {
      peer_timestamp_ = stamps->value;
    }
    const std::uint32_t length = segment.sequence_length();
    if (length == 0) return;
    if (!header.has(control::syn) && header.sequence == peer_next_) {
      peer_next_ += length;
      peer_finished_ = peer_finished_ || header.has(control::fin);
    }
    acknowledge();
  }

  [[nodiscard]] Duration patience() const {
    return std::clamp<Duration>(3 * round_trip_, kLeastPatience, kMostPatience);
  }

  [[nodiscard]] std::uint32_t smallest() const { return headers() + kLeastPayload; }
  [[nodiscard]] std::uint32_t sequence_of(std::uint32_t size) const { return next_ - (size - headers()); }

  // A segment that ends where the sequence space begins: all of it was "received" before.
  void send_sized(std::uint32_t size, std::uint8_t hops) {
    Segment segment = make(control::ack, sequence_of(size));
    segment.time_to_live = hops;
    stamp_ = timestamp();
    put(segment, size - headers());
  }

  // What an acknowledgment says of the segment of that size that was sent last.
  enum class Evidence : std::uint8_t { none, likely, certain };

  // The duplicate SACK names exactly what came (RFC 2883); without it the time stamp says that it is no older answer.
  // Without either it may be one.
  [[nodiscard]] Evidence evidence(const Segment& segment, std::uint32_t size) const {
    if (!segment.header.has(control::ack) || segment.header.has(control::rst) || segment.sequence_length() != 0) {
      return Evidence::none;
    }
    const auto* sack = segment.options.find<packet::Sack>();
    if (selective_ && sack != nullptr && sack->count > 0) {
      const bool same = sack->blocks[0].left == sequence_of(size) && sack->blocks[0].right == next_;
      return same ? Evidence::certain : Evidence::none;
    }
    const auto* stamps = segment.options.find<packet::Timestamps>();
    if (stamps == nullptr || !peer_timestamp_) return Evidence::likely;
    return packet::sequence_before(stamps->echo_reply, stamp_) ? Evidence::none : Evidence::certain;
  }

  void search() {
    MtuSearchOptions limits;
    limits.most = std::max(options_.local_mtu, smallest());
    limits.least = smallest();
    // That small duplicates are acknowledged at all must be seen first; otherwise everything looks lost.
    MtuSearch first({.least = limits.least - 1, .most = limits.least});
    while (!broken() && first.next()) probe(first, *first.next());
    MtuSearch search(limits);
    while (first.any_passed() && !broken() && search.next()) probe(search, *search.next());
    result_.probes = first.probes();
    result_.probes.insert(result_.probes.end(), search.probes().begin(), search.probes().end());
    result_.mtu = search.mtu();
    if (broken()) {
      result_.outcome = MtuOutcome::reset;
    } else if (!first.any_passed()) {
      result_.outcome = MtuOutcome::unanswered;
    } else {
      result_.outcome = MtuOutcome::found;
      result_.black_hole = search.black_hole();
    }
  }

  enum class Word : std::uint8_t { silence, told, likely, certain };

  void probe(MtuSearch& search, std::uint32_t size) {
    Word word = try_size(search, size);
    if (word == Word::likely) word = confirm(search, size);
    if (broken() || word == Word::told) return;
    if (word == Word::silence) {
      search.unanswered(size);
      return;
    }
    search.passed(size);
    pause();
  }

  Word try_size(MtuSearch& search, std::uint32_t size) {
    send_sized(size, options_.shape.time_to_live);
    search.sent(size);
    const MonotonicTime deadline = clock_.now() + patience();
    while (!broken() && clock_.now() < deadline) {
      const Seen seen = wait(deadline);
      const Evidence said = seen.segment ? evidence(*seen.segment, size) : Evidence::none;
      if (said != Evidence::none) return said == Evidence::certain ? Word::certain : Word::likely;
      if (seen.error && note(search, *seen.error, size)) return Word::told;
    }
    return Word::silence;
  }

  // An answer that may be a late one to an earlier segment: when nothing comes any more, the same once again.
  Word confirm(MtuSearch& search, std::uint32_t size) {
    const MonotonicTime deadline = clock_.now() + kMostQuietWaits * patience();
    for (MonotonicTime quiet = clock_.now() + patience(); !broken() && clock_.now() < quiet;) {
      if (clock_.now() >= deadline) return Word::silence;
      const Seen seen = wait(std::min(quiet, deadline));
      if (seen.segment && evidence(*seen.segment, size) != Evidence::none) quiet = clock_.now() + patience();
      if (seen.error && note(search, *seen.error, size)) return Word::told;
    }
    return broken() ? Word::silence : try_size(search, size);
  }

  void pause() {
    const MonotonicTime until = clock_.now() + kPace;
    while (!broken() && clock_.now() < until) (void)wait(until);
  }

  // Whether it settles the size.
  bool note(MtuSearch& search, const QuotingError& error, std::uint32_t size) {
    const bool too_big =
        error.header.is_unreachable() ? !ends_handshake(error.header) : error.header.next_hop_mtu().has_value();
    if (!too_big || error.quote.sequence != sequence_of(size)) return false;
    MtuNotice notice{error.sender.without_scope(), size, error.header.next_hop_mtu(), true};
    notice.plausible = MtuSearch::is_plausible(notice, options_.tuple.remote.address.family());
    result_.notices.push_back(notice);
    return search.told(notice);
  }

  // How far a packet gets that vanishes: where its TTL ends on the way, somebody says so.
  void locate() {
    const AskHop ask = [this](PacketSize size, std::uint8_t hop) { return expire(size, hop); };
    const BlackHole found = locate_black_hole(ask, options_.tuple.remote.address.without_scope());
    if (broken()) return;
    result_.last_through = found.last_through;
    result_.first_beyond = found.first_beyond;
  }

  HopWord expire(PacketSize which, std::uint8_t hops) {
    const std::uint32_t size = which == PacketSize::large ? result_.mtu + 1 : smallest();
    // Of a large one only what is certain counts: it may be a late answer to a small one.
    const Evidence enough = which == PacketSize::large ? Evidence::certain : Evidence::likely;
    for (unsigned attempt = 0; attempt < kTriesAtHop && !broken(); ++attempt) {
      send_sized(size, hops);
      const MonotonicTime deadline = clock_.now() + patience();
      while (!broken() && clock_.now() < deadline) {
        const Seen seen = wait(deadline);
        if (seen.error && seen.error->header.is_time_exceeded() && seen.error->quote.sequence == sequence_of(size)) {
          return {seen.error->sender.without_scope(), false};
        }
        if (seen.segment && evidence(*seen.segment, size) >= enough) return {std::nullopt, true};
      }
    }
    return {};
  }

  void close() {
    if (reset_) {
      result_.closing = Closing::reset_by_peer;
      return;
    }
    const MonotonicTime deadline = clock_.now() + (stopped() ? Duration::zero() : options_.close_timeout);
    const std::uint32_t fin = next_;
    bool acknowledged = false;
    next_ = fin + 1;
    for (MonotonicTime again; !broken() && clock_.now() < deadline && !(acknowledged && peer_finished_);) {
      if (!acknowledged) put(make(control::fin | control::ack, fin));
      again = std::min(deadline, clock_.now() + patience());
      while (!broken() && clock_.now() < again && !(acknowledged && peer_finished_)) {
        const Seen seen = wait(again);
        if (seen.segment && seen.segment->header.has(control::ack)) {
          acknowledged = acknowledged || seen.segment->header.acknowledgment == next_;
        }
      }
    }
    finish_closing(acknowledged && peer_finished_);
  }

  // One more round trip: what comes late is answered by us and not by the kernel.
  void finish_closing(bool orderly) {
    if (reset_) {
      result_.closing = Closing::reset_by_peer;
      return;
    }
    result_.closing = orderly ? Closing::orderly : Closing::reset_by_us;
    if (!orderly) put(make(control::rst | control::ack, next_));
    const MonotonicTime until = clock_.now() + std::clamp<Duration>(round_trip_, 20ms, 1s);
    while (!broken() && clock_.now() < until) (void)wait(until);
  }

  const PathMtuOptions& options_;
  PathNetwork& network_;
  const Clock& clock_;
  const StopFlag& stop_;
  MonotonicTime started_;
  std::uint16_t identification_;
  PathMtu result_;
  bool connected_ = false;
  bool reset_ = false;
  bool peer_finished_ = false;
  bool selective_ = false;
  std::uint32_t next_ = 0;       // SND.NXT
  std::uint32_t peer_next_ = 0;  // RCV.NXT
  std::uint32_t stamp_ = 0;      // TSval of the last sized segment
  std::optional<std::uint32_t> peer_timestamp_;
  Duration round_trip_{};
  unsigned replies_ = 0;
};

}  // namespace

PathMtu run_pmtu(const PathMtuOptions& options, PathNetwork& network, const Clock& clock, const StopFlag& stop) {
  return PathMtuRun(options, network, clock, stop).run();
}

std::string_view to_string(MtuOutcome outcome) {
  switch (outcome) {
    case MtuOutcome::found: return "found";
    case MtuOutcome::not_connected: return "not_connected";
    case MtuOutcome::reset: return "reset";
    case MtuOutcome::unanswered: return "unanswered";
    case MtuOutcome::failed: return "failed";
    case MtuOutcome::interrupted: return "interrupted";
  }
  return "";
}

}  // namespace tcp::trace
