// SPDX-License-Identifier: MIT
// Segments of a few endpoints in any order, thirteen bytes each, into a tracker with little room.
#include <map>

#include "libtcp/trace/tracker.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tcp;
using fuzz::require;

constexpr std::size_t kMost = 20;

struct Checker final : trace::HandshakeObserver {
  void on_handshake(const trace::ObservedHandshake& handshake) override {
    ++told;
    require(handshake.client_side.has_value() <= (handshake.outcome == trace::ObservedOutcome::established));
    for (const auto& side : {handshake.server_side, handshake.client_side}) {
      require(!side || (side->shortest <= side->longest && side->shortest >= Duration::zero()));
    }
    if (handshake.outcome == trace::ObservedOutcome::established) require(handshake.syn_ack_count != 0);
  }
  std::uint64_t told = 0;
};

packet::FlowSegment read_segment(packet::Reader& reader) {
  packet::FlowSegment segment;
  const unsigned who = reader.u8();
  segment.family = (who & 1) != 0 ? Family::v6 : Family::v4;
  segment.source = {0, who >> 1 & 1U};
  segment.destination = {0, who >> 2 & 1U};
  segment.source_port = who >> 3 & 3U;
  segment.destination_port = who >> 5 & 3U;
  segment.control_bits = reader.u8();
  segment.sequence = static_cast<std::uint32_t>(reader.u8()) - 3;
  segment.acknowledgment = static_cast<std::uint32_t>(reader.u8()) - 3;
  segment.payload_length = reader.u8();
  segment.identification = reader.u8();
  segment.checksum = reader.u8();
  return segment;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Checker checker;
  trace::HandshakeTracker tracker({kMost, 7}, checker);
  packet::Reader reader(packet::Bytes(data, size));
  std::int64_t time = 1'700'000'000'000'000'000;
  while (reader.left() >= 13) {
    packet::FlowSegment segment = read_segment(reader);
    const packet::Bytes options = reader.take(4);
    segment.options = options;
    const unsigned step = reader.u8();
    time += (step & 0x80) != 0 ? (step & 0x7f) * 1'000'000'000LL : step * 100'000LL;
    packet::WayIn way;
    way.tags[0].vlans.count = (step & 3) == 3 ? 1 : 0;
    reader.skip(1);
    const WallTime at{Duration(time)};
    tracker.on_segment(segment, at, way.plain() ? nullptr : &way);
    if ((step & 4) != 0) tracker.advance(at);
    require(tracker.size() <= kMost);
  }
  tracker.finish();
  require(tracker.size() == 0);
  const trace::TrackerCounts& counts = tracker.counts();
  require(checker.told == counts.connections);  // each is told once
  require(counts.closed + counts.reset_by_client + counts.reset_by_server + counts.not_closed <= counts.connections);
  return 0;
}
