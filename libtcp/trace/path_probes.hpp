// SPDX-License-Identifier: MIT
// The SYNs of a path trace: how they are made, which of them an answer is for, and what is sent back to a target that
// took one for a connection. No I/O and no clock.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "libtcp/trace/path.hpp"
#include "libtcp/trace/syn_shape.hpp"

namespace tcp::trace {

struct PathProbesOptions {
  Endpoint remote;
  IpAddress local;
  std::uint16_t first_port = 0;  // of flow 0; flow f has this plus f
  SynShape shape;                // its TTL is not used
  std::uint16_t route_mss = 1460;
  std::uint32_t flow_label = 0;      // IPv6, of flow 0; the others have others
  std::uint32_t timestamp_base = 0;  // ticks in milliseconds from here
  std::function<std::uint32_t()> random;
};

// An ICMP error that quotes a TCP segment.
struct QuotingError {
  packet::IcmpHeader header;
  IpAddress sender;
  std::uint8_t time_to_live = 0;  // of the error itself
  QuotedProbe quote;
};

class PathProbes {
 public:
  explicit PathProbes(PathProbesOptions options) : options_(std::move(options)) {}

  [[nodiscard]] FourTuple tuple(std::uint32_t flow) const;
  // The SYN of a probe, which is to be sent now; `elapsed` since the first.
  [[nodiscard]] const Segment& make(std::size_t probe, std::uint8_t hop, std::uint32_t flow, Duration elapsed);
  [[nodiscard]] const Segment& segment(std::size_t probe) const { return sent_.at(probe).segment; }
  [[nodiscard]] std::uint32_t flow(std::size_t probe) const { return sent_.at(probe).flow; }

  struct Match {
    std::size_t probe = 0;
    PathReply reply;
  };
  // Nothing when it is no answer to one of the probes.
  [[nodiscard]] std::optional<Match> match(const FourTuple& tuple, const Segment& segment, WallTime time) const;
  [[nodiscard]] std::optional<Match> match(const QuotingError& error, WallTime time) const;
  // The probe that this is, seen as it left.
  [[nodiscard]] std::optional<std::size_t> match_sent(const Segment& segment) const;

  // Takes back what the target believes to be opening; nothing when it does not.
  [[nodiscard]] std::optional<Segment> reset_for(const Segment& received);

 private:
  struct Sent {
    std::uint32_t flow = 0;
    Segment segment;
  };
  [[nodiscard]] std::optional<std::size_t> find(const QuotedProbe& quote) const;

  PathProbesOptions options_;
  std::unordered_map<std::size_t, Sent> sent_;
  std::unordered_map<std::uint32_t, std::size_t> by_sequence_;
  std::uint16_t identification_ = 0;
  std::uint32_t resets_ = 0;
};

}  // namespace tcp::trace
