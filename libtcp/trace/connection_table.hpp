// SPDX-License-Identifier: MIT
// The connections that a tracker follows: found by their endpoints in either direction, bounded in number, and lined up
// by class so that the one to give up is at hand.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "libtcp/packet/flow_segment.hpp"
#include "libtcp/trace/observed.hpp"

namespace tcp::trace {

// Endpoints in a fixed order, so that both directions have the same key.
struct ConnectionKey {
  packet::AddressNumber low_address;
  packet::AddressNumber high_address;
  std::uint16_t low_port = 0;
  std::uint16_t high_port = 0;
  std::uint32_t way = 0;  // packet::WayIn::flow_key()
  friend bool operator==(const ConnectionKey&, const ConnectionKey&) = default;
};

// The key of a segment; `from_high`: it goes from the higher endpoint to the lower one.
[[nodiscard]] inline ConnectionKey make_key(const packet::AddressNumber& source, std::uint16_t source_port,
                                            const packet::AddressNumber& destination, std::uint16_t destination_port,
                                            std::uint32_t way, bool& from_high) noexcept {
  if (source.low != destination.low) [[likely]] {
    from_high = destination.low < source.low;
  } else {
    from_high = std::tie(destination.high, destination_port) < std::tie(source.high, source_port);
  }
  if (from_high) return {destination, source, destination_port, source_port, way};
  return {source, destination, source_port, destination_port, way};
}

inline constexpr std::uint32_t kNone = 0xffffffff;
inline constexpr std::size_t kSynTimes = 6;

// What is kept while a handshake is going on, and no longer.
struct Opening {
  struct Syn {
    std::int64_t time = 0;
    std::uint32_t timestamp = 0;  // TSval; of the first one it stands in sides[0]
  };
  std::array<Syn, kSynTimes> syns{};  // the first ones; the last takes the place of the last
  std::int64_t answered_at = 0;       // first SYN-ACK, or the RST that refuses
  std::int64_t syn_ack_first = 0;
  std::int64_t syn_ack_last = 0;
  std::int64_t acknowledged_at = 0;  // the server's SYN
  std::int64_t icmp_time = 0;
  std::uint16_t syn_count = 0;
  std::uint16_t syn_ack_count = 0;
  std::uint32_t icmp_count = 0;
  std::uint8_t icmp_time_to_live = 0;
  packet::IcmpHeader icmp;
  IpAddress icmp_sender;
  std::array<OpeningSegment, 2> sides{};  // client, server
  std::unique_ptr<packet::WayIn> way;
};

// One direction of a connection.
struct Direction {
  std::uint32_t initial = 0;  // ISN, once `initial_known`
  std::uint32_t next = 0;     // behind the last byte seen, once `next_known`
  std::uint32_t early_acknowledgment = 0;
  std::uint32_t acknowledgment = 0;            // the last it sent
  std::array<std::uint32_t, 4> recent{};       // fingerprints of the last segments, to know a copy
  std::array<std::uint32_t, 4> recent_time{};  // and when they were seen: microseconds, wrapping around
  std::uint8_t recent_position = 0;
  bool initial_known = false;
  bool next_known = false;
  bool syn = false;  // a SYN without ACK
  bool syn_ack = false;
  bool acknowledged = false;              // its SYN was, by the other side
  bool has_early_acknowledgment = false;  // acknowledged something before the other side's SYN was seen
  bool fin = false;
};

enum class ConnectionClass : std::uint8_t { opening, doomed, established, partial, closed };
inline constexpr std::size_t kConnectionClasses = 5;

struct Connection {
  ConnectionKey key;
  Family family = Family::v4;
  ConnectionClass list = ConnectionClass::opening;
  bool client_known = false;
  bool client_is_high = false;
  bool begun = false;  // something was seen of it
  bool told = false;   // the observer knows
  bool reset = false;
  bool counted_established = false;
  std::uint32_t hash = 0;
  std::uint32_t opening = kNone;
  std::uint32_t previous = kNone;  // in its list
  std::uint32_t following = kNone;
  std::int64_t first_time = 0;
  std::int64_t last_time = 0;
  std::int64_t lined_up = 0;  // last_time when it came to its place in line
  std::int64_t early_acknowledgment_time = 0;
  std::array<Direction, 2> directions{};  // from the lower endpoint, from the higher one
};

// The packet's own options, looked through for one.
[[nodiscard]] std::optional<packet::Timestamps> find_timestamps(packet::Bytes options) noexcept;

// Knows which slot a connection belongs to. The seed keeps strangers from choosing endpoints that collide.
class ConnectionHasher {
 public:
  explicit ConnectionHasher(std::uint64_t seed) noexcept;
  [[nodiscard]] std::uint32_t operator()(const ConnectionKey& key) const noexcept {
    constexpr std::uint64_t kOdd1 = 0xa0761d6478bd642f;
    constexpr std::uint64_t kOdd2 = 0xe7037ed1a0b428db;
    const std::uint64_t ports = std::uint64_t{key.low_port} << 48 | std::uint64_t{key.high_port} << 32 | key.way;
    std::uint64_t both = fold(key.low_address.low ^ seed_, key.high_address.low ^ second_seed_);
    if ((key.low_address.high | key.high_address.high) != 0) {
      both ^= fold(key.low_address.high ^ second_seed_ ^ kOdd1, key.high_address.high ^ seed_ ^ kOdd2);
    }
    both = fold(both ^ ports ^ second_seed_, seed_ ^ kOdd2);
    return static_cast<std::uint32_t>(both ^ both >> 32);
  }

 private:
  // The upper and lower half of a product, folded: each bit of the result hangs on all bits of both.
  [[nodiscard]] static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
  }

  std::uint64_t seed_;
  std::uint64_t second_seed_;
};

class ConnectionTable {
 public:
  // `most`: how many there will be at once; only address space is taken for them.
  ConnectionTable(std::size_t most, std::uint64_t seed);

  [[nodiscard]] const ConnectionHasher& hasher() const noexcept { return hasher_; }
  [[nodiscard]] std::uint32_t find(const ConnectionKey& key, std::uint32_t hash) const noexcept;  // or kNone
  // Ask for the memory that find() will look at: the first early, the second once that is there.
  void prefetch_slot(std::uint32_t hash) const noexcept { __builtin_prefetch(&slots_[hash & mask_]); }
  // False when there will hardly be any.
  bool prefetch_connection(std::uint32_t hash) const noexcept {
    std::size_t place = hash & mask_;
    while (slots_[place].index != kNone && slots_[place].hash != hash) place = (place + 1) & mask_;
    if (slots_[place].index == kNone) return false;
    const auto* connection = reinterpret_cast<const char*>(&at(slots_[place].index));
    for (std::size_t offset = 0; offset < sizeof(Connection); offset += 64) __builtin_prefetch(connection + offset, 1);
    return true;
  }
  // A new one at the end of `opening`'s line; it must not be there yet.
  std::uint32_t add(const ConnectionKey& key, std::uint32_t hash);
  void remove(std::uint32_t index);

  [[nodiscard]] Connection& at(std::uint32_t index) noexcept { return connections_.data()[index]; }
  [[nodiscard]] const Connection& at(std::uint32_t index) const noexcept { return connections_.data()[index]; }
  [[nodiscard]] Opening& opening(Connection& connection);  // made when there is none
  void close_opening(Connection& connection) noexcept;

  // To the end of a class's line.
  void move_to(std::uint32_t index, ConnectionClass list) noexcept;
  [[nodiscard]] std::uint32_t oldest(ConnectionClass list) const noexcept {
    return lines_[static_cast<std::size_t>(list)].head;
  }
  [[nodiscard]] std::size_t size(ConnectionClass list) const noexcept {
    return lines_[static_cast<std::size_t>(list)].size;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t index = kNone;
  };
  struct Line {
    std::uint32_t head = kNone;
    std::uint32_t tail = kNone;
    std::size_t size = 0;
  };

  void grow();
  void link(std::uint32_t index, ConnectionClass list) noexcept;
  void unlink(std::uint32_t index) noexcept;

  ConnectionHasher hasher_;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  // Reserved whole at the beginning, so that nothing in them moves.
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> free_;
  std::vector<Opening> openings_;
  std::vector<std::uint32_t> free_openings_;
  std::array<Line, kConnectionClasses> lines_{};
};

}  // namespace tcp::trace
