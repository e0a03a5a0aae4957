// SPDX-License-Identifier: MIT
// Follows every TCP connection that passes by from its handshake to its end, out of single segments in any order. No
// I/O and no clock: time is that of the packets. Memory is bounded; whom to give up first when it is full is decided
// here.
#pragma once

#include <array>
#include <cstdint>

#include "libtcp/packet/decode.hpp"
#include "libtcp/packet/flow_segment.hpp"
#include "libtcp/trace/connection_table.hpp"
#include "libtcp/trace/observed.hpp"
#include "libtcp/trace/recently_closed.hpp"
#include "libtcp/trace/segment_batch.hpp"

namespace tcp::trace {

struct TrackerOptions {
  std::size_t most_connections = 500'000;  // about 130 bytes each, 500 while a handshake is going on
  std::uint64_t seed = 0;                  // random, so that nobody can choose endpoints that collide
  bool gists = false;                      // take_gists() tells what the observer would be told
};

struct TrackerCounts {
  std::uint64_t segments = 0;    // copies of one packet counted once
  std::uint64_t duplicates = 0;  // copies
  std::uint64_t syn = 0;
  std::uint64_t syn_ack = 0;
  std::uint64_t rst = 0;
  std::uint64_t fin = 0;
  std::uint64_t data = 0;
  std::uint64_t connections = 0;
  std::uint64_t connections_v6 = 0;
  std::uint64_t syn_retransmissions = 0;
  std::uint64_t syn_ack_retransmissions = 0;
  std::uint64_t connections_with_syn_retransmissions = 0;
  std::uint64_t connections_with_syn_ack_retransmissions = 0;
  std::uint64_t data_retransmissions = 0;  // sent again, or out of order
  std::uint64_t simultaneous_opens = 0;
  std::uint64_t ecn_syn = 0;                // connections whose SYN asks for ECN (RFC 3168)
  std::uint64_t accurate_ecn_syn = 0;       // and for AccECN (RFC 9768)
  std::uint64_t icmp_errors = 0;            // about a connection that is followed
  std::uint64_t wrong_acknowledgments = 0;  // SYN-ACKs for what was never sent
  std::uint64_t stray_resets = 0;           // of connections that nothing else was seen of
  // How established connections ended.
  std::uint64_t closed = 0;  // FIN both ways
  std::uint64_t reset_by_client = 0;
  std::uint64_t reset_by_server = 0;
  std::uint64_t not_closed = 0;  // neither, to the end
  // Given up for want of room.
  std::uint64_t evicted_opening = 0;
  std::uint64_t evicted_established = 0;
  std::uint64_t evicted_partial = 0;
};

class HandshakeTracker {
 public:
  HandshakeTracker(const TrackerOptions& options, HandshakeObserver& observer);

  // `way`: what the segment was wrapped in, null for nothing.
  void on_segment(const packet::FlowSegment& segment, WallTime time, const packet::WayIn* way = nullptr);
  // Many of them, in their order; then what has waited long enough is decided.
  void follow(const SegmentBatch& batch);
  // For the batches that it is given.
  [[nodiscard]] const ConnectionHasher& hasher() const noexcept { return table_.hasher(); }
  // An ICMP error; others are ignored.
  void on_icmp(const packet::DecodedPacket& packet, WallTime time, const packet::WayIn* way = nullptr);
  // Decides what has waited long enough by the packets' own time; cheap when there is nothing to do.
  void advance(WallTime now);
  // No more packets come: tells of everything that is still open.
  void finish();

  // Those decided since the last time, behind what `gists` holds.
  void take_gists(std::vector<HandshakeGist>& gists);

  [[nodiscard]] TrackerCounts counts() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }

 private:
  // A segment with its place in the connection.
  struct Sight {
    const packet::SegmentContent& segment;
    std::int64_t time = 0;
    bool from_high = false;
    std::uint32_t index = kNone;
  };
  void follow(Sight sight, const ConnectionKey& key, std::uint32_t hash, const packet::WayIn* way);
  void prefetch_known(std::uint32_t hash) const noexcept;
  std::uint32_t find_or_add(const packet::SegmentContent& segment, const ConnectionKey& key, std::uint32_t hash,
                            std::int64_t time, const packet::WayIn* way);
  void count_segment(const packet::SegmentContent& segment);
  bool is_copy(Direction& direction, const packet::SegmentContent& segment, std::int64_t time);
  [[nodiscard]] bool belongs_to_ended(const packet::SegmentContent& segment, std::uint32_t hash,
                                      std::int64_t time) const;
  [[nodiscard]] bool may_reset(const Connection& connection, const Sight& sight) const;
  void advance_to(std::int64_t now);
  bool begins_anew(const Connection& connection, const Sight& sight) const;
  void restart(std::uint32_t index, std::int64_t time, const packet::WayIn* way);
  void on_syn(Connection& connection, const Sight& sight);
  void on_syn_ack(Connection& connection, const Sight& sight);
  void on_rst(std::uint32_t index, const Sight& sight);
  void note_data(Direction& direction, const packet::SegmentContent& segment);
  void on_content(Connection& connection, const Sight& sight);
  void note_acknowledgment(Connection& connection, const Sight& sight);
  void note_early(Connection& connection, bool from_high);
  void settle(std::uint32_t index, const Sight& sight);
  void remember_end(const Connection& connection, std::uint32_t last, std::int64_t time);
  void leave(std::uint32_t index, const Sight& sight);
  static void remember_words(Opening& opening, const packet::SegmentContent& segment, bool from_client);
  void remember_syn(Connection& connection, const Sight& sight);
  void remember_syn_ack(Connection& connection, const Sight& sight);
  void reset_established(Connection& connection, const Sight& sight);
  [[nodiscard]] bool refuses(const Connection& connection, const Sight& sight) const;

  void tell(Connection& connection, ObservedOutcome outcome, std::int64_t time, bool evicted = false);
  void tell_gist(Connection& connection, ObservedOutcome outcome);
  [[nodiscard]] ObservedHandshake describe(Connection& connection, ObservedOutcome outcome, std::int64_t time);
  void expire(std::uint32_t index, bool evicted);
  void release(std::uint32_t index);
  void evict_one();
  [[nodiscard]] ObservedOutcome outcome_so_far(Connection& connection);

  TrackerOptions options_;
  HandshakeObserver& observer_;
  ConnectionTable table_;
  RecentlyClosed recently_closed_;
  TrackerCounts counts_;                             // but for segments by their bits, which are counted here:
  std::array<std::uint64_t, 32> by_control_bits_{};  // by FIN, SYN, RST, PSH, ACK
  std::vector<HandshakeGist> gists_;
  std::int64_t previous_time_ = 0;  // of the last segment of a batch
  std::int64_t next_expiry_ = 0;    // when advance() has to look again
};

}  // namespace tcp::trace
