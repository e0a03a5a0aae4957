// SPDX-License-Identifier: MIT
// The way to a target as probes with small TTLs found it, hop by hop. Whoever probed fills it in.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/mpls.hpp"
#include "libtcp/trace/handshake.hpp"
#include "libtcp/trace/quote.hpp"

namespace tcp::trace {

enum class PathAnswer : std::uint8_t {
  hop,       // ICMP "time exceeded": the probe died there, as it should
  open,      // a SYN-ACK
  closed,    // an RST that acknowledges the probe
  rejected,  // another ICMP error: nothing comes further
};

// The first answer to a probe.
struct PathReply {
  PathAnswer answer = PathAnswer::hop;
  IpAddress sender;
  WallTime time;
  std::optional<packet::IcmpHeader> icmp;   // absent for open and closed
  std::uint8_t time_to_live = 0;            // of the answer itself; 0 unknown
  std::optional<std::uint8_t> quoted_ttl;   // of the probe where it expired
  std::optional<std::size_t> quoted_bytes;  // of its TCP segment; absent: no quote was seen
  std::vector<packet::MplsLabel> labels;
  FieldValues seen;  // as quoted
};

struct PathProbe {
  std::uint8_t hop = 0;  // the TTL it was sent with
  std::uint32_t flow = 0;
  bool sent = false;
  WallTime time = {};        // of sending
  bool kernel_time = false;  // false: our own clock
  FieldValues fields = {};   // as sent; empty when the kernel made the probe
  std::optional<PathReply> reply = {};
};

enum class PathOutcome : std::uint8_t { open, closed, rejected, silent, failed, interrupted };

struct Path {
  Endpoint remote;
  std::optional<IpAddress> local;
  Technique technique = Technique::raw;
  std::uint32_t flows = 1;
  std::uint8_t max_hops = 30;
  WallTime started;
  bool interrupted = false;
  std::vector<PathProbe> probes;
  std::optional<Error> failure;  // of what we tried ourselves
};

// Who answered for a hop, and how often.
struct HopAddress {
  IpAddress address;
  std::uint32_t answers = 0;
};

struct Hop {
  std::uint8_t number = 0;
  std::uint32_t sent = 0;
  std::uint32_t answered = 0;
  std::vector<HopAddress> addresses;  // in the order they were first seen
  std::optional<Duration> shortest;   // of the round trips
  std::optional<Duration> average;
  std::optional<Duration> longest;
  std::optional<Duration> last;
  std::vector<PathAnswer> answers;  // the kinds that came, each once
  std::optional<packet::IcmpHeader> rejection;
  std::vector<packet::MplsLabel> labels;    // of the first answer that had some
  std::optional<std::uint8_t> quoted_ttl;   // the largest
  std::optional<std::size_t> quoted_bytes;  // the most
};

// From the first hop to the end of the path, or when that is not known to the last hop that answered.
[[nodiscard]] std::vector<Hop> summarize(const Path& path);

struct PathEnd {
  PathOutcome outcome = PathOutcome::silent;
  std::uint8_t hop = 0;  // where it ends, or the last that answered; 0: none did
  std::optional<IpAddress> sender;
  std::optional<packet::IcmpHeader> icmp;
  // Of a rejection: the hop that is known under the sender's address, when there is one before the end.
  std::optional<std::uint8_t> sender_hop;
};
[[nodiscard]] PathEnd end_of(const Path& path);

[[nodiscard]] std::string_view to_string(PathAnswer answer);
[[nodiscard]] std::string_view to_string(PathOutcome outcome);

}  // namespace tcp::trace
