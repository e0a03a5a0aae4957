// SPDX-License-Identifier: MIT
#include "libtcp/trace/path.hpp"

#include <algorithm>

namespace tcp::trace {
namespace {

void note_address(Hop& hop, const IpAddress& address) {
  const auto known = std::ranges::find(hop.addresses, address, &HopAddress::address);
  if (known == hop.addresses.end()) {
    hop.addresses.push_back({address, 1});
  } else {
    ++known->answers;
  }
}

template <class T>
void keep_largest(std::optional<T>& kept, const std::optional<T>& value) {
  if (value && (!kept || *kept < *value)) kept = value;
}

void note_reply(Hop& hop, const PathReply& reply, Duration round_trip) {
  ++hop.answered;
  note_address(hop, reply.sender);
  const Duration sum = hop.average.value_or(Duration::zero()) + round_trip;  // divided at the end
  hop.average = sum;
  hop.shortest = std::min(hop.shortest.value_or(round_trip), round_trip);
  hop.longest = std::max(hop.longest.value_or(round_trip), round_trip);
  hop.last = round_trip;
  if (std::ranges::find(hop.answers, reply.answer) == hop.answers.end()) hop.answers.push_back(reply.answer);
  if (reply.answer == PathAnswer::rejected && !hop.rejection) hop.rejection = reply.icmp;
  if (hop.labels.empty()) hop.labels = reply.labels;
  keep_largest(hop.quoted_ttl, reply.quoted_ttl);
  keep_largest(hop.quoted_bytes, reply.quoted_bytes);
}

// The farthest of the flows' ends; nothing when no flow has one.
std::optional<std::uint8_t> last_end(const Path& path) {
  std::optional<std::uint8_t> last;
  for (std::uint32_t flow = 0; flow < path.flows; ++flow) {
    std::optional<std::uint8_t> end;
    for (const PathProbe& probe : path.probes) {
      if (probe.flow != flow || !probe.reply || probe.reply->answer == PathAnswer::hop) continue;
      end = std::min(end.value_or(probe.hop), probe.hop);
    }
    keep_largest(last, end);
  }
  return last;
}

std::uint8_t last_answered(const Path& path) {
  std::uint8_t last = 0;
  for (const PathProbe& probe : path.probes) {
    if (probe.reply) last = std::max(last, probe.hop);
  }
  return last;
}

PathOutcome outcome_of(PathAnswer answer) {
  switch (answer) {
    case PathAnswer::open: return PathOutcome::open;
    case PathAnswer::closed: return PathOutcome::closed;
    case PathAnswer::rejected: return PathOutcome::rejected;
    case PathAnswer::hop: break;
  }
  return PathOutcome::silent;
}

std::optional<std::uint8_t> hop_of(const Path& path, const IpAddress& address) {
  for (const PathProbe& probe : path.probes) {
    if (probe.reply && probe.reply->answer == PathAnswer::hop && probe.reply->sender == address) return probe.hop;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Hop> summarize(const Path& path) {
  std::vector<Hop> hops(last_end(path).value_or(last_answered(path)));
  for (std::size_t i = 0; i < hops.size(); ++i) hops[i].number = static_cast<std::uint8_t>(i + 1);
  for (const PathProbe& probe : path.probes) {
    if (!probe.sent || probe.hop == 0 || probe.hop > hops.size()) continue;
    Hop& hop = hops[probe.hop - 1U];
    ++hop.sent;
    if (probe.reply) note_reply(hop, *probe.reply, probe.reply->time - probe.time);
  }
  for (Hop& hop : hops) {
    if (hop.average) *hop.average /= hop.answered;
  }
  return hops;
}

// What says most wins: a SYN-ACK of one flow counts more than another flow's silence or rejection.
PathEnd end_of(const Path& path) {
  PathEnd end;
  if (path.failure) {
    end.outcome = PathOutcome::failed;
    return end;
  }
  const PathProbe* last = nullptr;
  for (const PathProbe& probe : path.probes) {
    if (!probe.reply || probe.reply->answer == PathAnswer::hop) continue;
    const auto rank = [](const PathProbe& p) { return std::pair(p.reply->answer, p.hop); };
    if (last == nullptr || rank(probe) < rank(*last)) last = &probe;
  }
  if (last == nullptr) {
    end.outcome = path.interrupted ? PathOutcome::interrupted : PathOutcome::silent;
    end.hop = last_answered(path);
    return end;
  }
  end.outcome = outcome_of(last->reply->answer);
  end.hop = last->hop;
  end.sender = last->reply->sender;
  end.icmp = last->reply->icmp;
  if (end.outcome == PathOutcome::rejected) end.sender_hop = hop_of(path, last->reply->sender);
  return end;
}

std::string_view to_string(PathAnswer answer) {
  switch (answer) {
    case PathAnswer::hop: return "hop";
    case PathAnswer::open: return "open";
    case PathAnswer::closed: return "closed";
    case PathAnswer::rejected: return "rejected";
  }
  return "";
}

std::string_view to_string(PathOutcome outcome) {
  switch (outcome) {
    case PathOutcome::open: return "open";
    case PathOutcome::closed: return "closed";
    case PathOutcome::rejected: return "rejected";
    case PathOutcome::silent: return "silent";
    case PathOutcome::failed: return "failed";
    case PathOutcome::interrupted: return "interrupted";
  }
  return "";
}

}  // namespace tcp::trace
