// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_probes.hpp"

#include <algorithm>

#include "libtcp/packet/sequence.hpp"
#include "libtcp/trace/wire_words.hpp"

namespace tcp::trace {
namespace {

namespace control = packet::control;

constexpr std::uint32_t kResetsBeyond = 200;  // what a target can draw from us besides one for each probe
constexpr std::uint32_t kFlowLabelMask = 0xfffff;
constexpr std::uint8_t kTransitExceeded = 0;  // the code; 1 is reassembly

// Nothing for an error that neither names a hop nor ends the path.
std::optional<PathAnswer> answer_of(const packet::IcmpHeader& header) {
  if (header.is_time_exceeded() && header.code == kTransitExceeded) return PathAnswer::hop;
  if (header.is_unreachable() && !ends_handshake(header)) return std::nullopt;
  return header.is_unreachable() ? std::optional(PathAnswer::rejected) : std::nullopt;
}

}  // namespace

FourTuple PathProbes::tuple(std::uint32_t flow) const {
  return {{options_.local, static_cast<std::uint16_t>(options_.first_port + flow)}, options_.remote};
}

const Segment& PathProbes::make(std::size_t probe, std::uint8_t hop, std::uint32_t flow, Duration elapsed) {
  SynFields fields;
  fields.tuple = tuple(flow);
  fields.route_mss = options_.route_mss;
  do {
    fields.sequence = options_.random();
  } while (by_sequence_.contains(fields.sequence));
  fields.timestamp = options_.timestamp_base +
                     static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count());
  if (identification_ == 0) identification_ = static_cast<std::uint16_t>(options_.random() | 1);
  fields.identification = identification_++;
  if (fields.identification == 0) fields.identification = identification_++;
  fields.flow_label = (options_.flow_label + flow) & kFlowLabelMask;
  SynShape shape = options_.shape;
  shape.time_to_live = hop;
  by_sequence_[fields.sequence] = probe;
  return sent_.insert_or_assign(probe, Sent{flow, make_syn(shape, fields)}).first->second.segment;
}

std::optional<PathProbes::Match> PathProbes::match(const FourTuple& tuple, const Segment& segment,
                                                   WallTime time) const {
  if (!segment.header.has(control::ack)) return std::nullopt;
  const auto found = by_sequence_.find(segment.header.acknowledgment - 1);
  if (found == by_sequence_.end()) return std::nullopt;
  if (!same_endpoint(this->tuple(flow(found->second)).local, tuple.local)) return std::nullopt;
  Match match{found->second, {}};
  if (segment.header.has(control::rst)) {
    match.reply.answer = PathAnswer::closed;
  } else if (segment.header.has(control::syn)) {
    match.reply.answer = PathAnswer::open;
  } else {
    return std::nullopt;  // a challenge: it speaks of an earlier SYN of the flow
  }
  match.reply.sender = options_.remote.address.without_scope();
  match.reply.time = time;
  match.reply.time_to_live = segment.time_to_live;
  return match;
}

// By the sequence number; where a box changes that, by what else only one probe had.
std::optional<std::size_t> PathProbes::find(const QuotedProbe& quote) const {
  const auto found = by_sequence_.find(quote.sequence);
  if (found != by_sequence_.end()) return found->second;
  if (!options_.remote.address.is_v4()) return std::nullopt;
  for (const auto& [probe, sent] : sent_) {
    const FourTuple ours = tuple(sent.flow);
    if (sent.segment.identification == quote.identification && same_endpoint(quote.source, ours.local) &&
        same_endpoint(quote.destination, ours.remote)) {
      return probe;
    }
  }
  return std::nullopt;
}

std::optional<PathProbes::Match> PathProbes::match(const QuotingError& error, WallTime time) const {
  const auto answer = answer_of(error.header);
  if (!answer || error.header.family != options_.remote.address.family()) return std::nullopt;
  const auto probe = find(error.quote);
  if (!probe) return std::nullopt;
  Match match{*probe, {}};
  match.reply.answer = *answer;
  match.reply.sender = error.sender.without_scope();
  match.reply.time = time;
  match.reply.icmp = error.header;
  match.reply.time_to_live = error.time_to_live;
  match.reply.quoted_bytes = error.quote.quoted_bytes;
  match.reply.labels = error.quote.labels;
  match.reply.seen = describe_quote(error.quote, segment(*probe));
  if (*answer == PathAnswer::hop) {
    match.reply.quoted_ttl = error.quote.time_to_live;
  } else {
    match.reply.seen.forget(Field::time_to_live);  // it did not expire
  }
  return match;
}

std::optional<std::size_t> PathProbes::match_sent(const Segment& segment) const {
  if (!segment.header.is_syn_only()) return std::nullopt;
  const auto found = by_sequence_.find(segment.header.sequence);
  return found == by_sequence_.end() ? std::nullopt : std::optional(found->second);
}

// RFC 9293 §3.10.7.3: <SEQ=SEG.ACK><CTL=RST>, which is what a host says that never asked.
std::optional<Segment> PathProbes::reset_for(const Segment& received) {
  if (!received.header.has(control::ack) || received.header.has(control::rst)) return std::nullopt;
  if (resets_ >= sent_.size() + kResetsBeyond) return std::nullopt;
  ++resets_;
  Segment reset;
  reset.header.control_bits = control::rst;
  reset.header.sequence = received.header.acknowledgment;
  if (options_.remote.address.is_v6()) {
    reset.flow_label = options_.flow_label & kFlowLabelMask;
  } else {
    reset.identification = identification_ == 0 ? std::uint16_t{1} : identification_++;
  }
  return reset;
}

}  // namespace tcp::trace
