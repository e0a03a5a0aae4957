// SPDX-License-Identifier: MIT
#include "libtcp/trace/connection_table.hpp"

#include "libtcp/trace/large_pages.hpp"

namespace tcp::trace {
namespace {

constexpr std::size_t kFirstSlots = 4096;

}  // namespace

std::optional<packet::Timestamps> find_timestamps(packet::Bytes options) noexcept {
  packet::TcpOptionReader reader(options);
  while (const auto option = reader.next()) {
    if (const auto* timestamps = std::get_if<packet::Timestamps>(&*option)) return *timestamps;
  }
  return std::nullopt;
}

ConnectionTable::ConnectionTable(std::size_t most, std::uint64_t seed)
    : hasher_(seed), slots_(kFirstSlots), mask_(kFirstSlots - 1) {
  connections_.reserve(most);
  openings_.reserve(most);
  prefer_large_pages(connections_);
  prefer_large_pages(openings_);
}

// The second is as little known to strangers as the first, so that no operand of a product can be made zero
// (SplitMix64).
ConnectionHasher::ConnectionHasher(std::uint64_t seed) noexcept : seed_(seed) {
  std::uint64_t mixed = seed + 0x9e3779b97f4a7c15;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  second_seed_ = mixed ^ mixed >> 31;
}

std::uint32_t ConnectionTable::find(const ConnectionKey& key, std::uint32_t hash) const noexcept {
  for (std::size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
    const Slot& candidate = slots_[slot];
    if (candidate.index == kNone) return kNone;
    if (candidate.hash == hash && at(candidate.index).key == key) return candidate.index;
  }
}

// At most half of the slots are taken.
void ConnectionTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  prefer_large_pages(old);
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& taken : old) {
    if (taken.index == kNone) continue;
    std::size_t slot = taken.hash & mask_;
    while (slots_[slot].index != kNone) slot = (slot + 1) & mask_;
    slots_[slot] = taken;
  }
}

std::uint32_t ConnectionTable::add(const ConnectionKey& key, std::uint32_t hash) {
  if (2 * (size_ + 1) > slots_.size()) grow();
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(connections_.size());
    connections_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Connection& connection = at(index);
  connection = Connection{};
  connection.key = key;
  connection.hash = hash;
  std::size_t slot = hash & mask_;
  while (slots_[slot].index != kNone) slot = (slot + 1) & mask_;
  slots_[slot] = {hash, index};
  link(index, ConnectionClass::opening);
  ++size_;
  return index;
}

// Those behind the gap that belong before it move up (Knuth, volume 3, 6.4, algorithm R).
void ConnectionTable::remove(std::uint32_t index) {
  Connection& connection = at(index);
  close_opening(connection);
  unlink(index);
  std::size_t gap = connection.hash & mask_;
  while (slots_[gap].index != index) gap = (gap + 1) & mask_;
  for (std::size_t slot = (gap + 1) & mask_; slots_[slot].index != kNone; slot = (slot + 1) & mask_) {
    const std::size_t home = slots_[slot].hash & mask_;
    if (((slot - home) & mask_) < ((slot - gap) & mask_)) continue;
    slots_[gap] = slots_[slot];
    gap = slot;
  }
  slots_[gap] = Slot{};
  free_.push_back(index);
  --size_;
}

Opening& ConnectionTable::opening(Connection& connection) {
  if (connection.opening == kNone) {
    if (free_openings_.empty()) {
      connection.opening = static_cast<std::uint32_t>(openings_.size());
      return openings_.emplace_back();
    }
    connection.opening = free_openings_.back();
    free_openings_.pop_back();
    openings_[connection.opening] = Opening{};
  }
  return openings_[connection.opening];
}

void ConnectionTable::close_opening(Connection& connection) noexcept {
  if (connection.opening == kNone) return;
  openings_[connection.opening].way.reset();
  free_openings_.push_back(connection.opening);
  connection.opening = kNone;
}

void ConnectionTable::link(std::uint32_t index, ConnectionClass list) noexcept {
  Line& line = lines_[static_cast<std::size_t>(list)];
  Connection& connection = at(index);
  connection.list = list;
  connection.lined_up = connection.last_time;
  connection.previous = line.tail;
  connection.following = kNone;
  if (line.tail != kNone) at(line.tail).following = index;
  line.tail = index;
  if (line.head == kNone) line.head = index;
  ++line.size;
}

void ConnectionTable::unlink(std::uint32_t index) noexcept {
  Connection& connection = at(index);
  Line& line = lines_[static_cast<std::size_t>(connection.list)];
  if (connection.previous != kNone) at(connection.previous).following = connection.following;
  if (connection.following != kNone) at(connection.following).previous = connection.previous;
  if (line.head == index) line.head = connection.following;
  if (line.tail == index) line.tail = connection.previous;
  --line.size;
}

void ConnectionTable::move_to(std::uint32_t index, ConnectionClass list) noexcept {
  unlink(index);
  link(index, list);
}

}  // namespace tcp::trace
