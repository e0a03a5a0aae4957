// SPDX-License-Identifier: MIT
#include "libtcp/scan/checkpoint.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "libtcp/scan/cookie.hpp"
#include "libtcp/scan/pair_states.hpp"

namespace tcp::scan {
namespace {

constexpr std::string_view kMagic = "tcpbox-scan-checkpoint\n";
constexpr std::uint64_t kVersion = 2;
constexpr std::uint64_t kVersionWithHosts = 3;  // that are left out
constexpr CookieKey kChecksumKey{0x7463'7062'6f78'2d63, 0x6865'636b'706f'696e};
constexpr std::size_t kShortestRun = 3;

constexpr std::array kCounts{
    &ProbeCounts::probes_sent,   &ProbeCounts::retransmissions, &ProbeCounts::open,
    &ProbeCounts::open_filtered, &ProbeCounts::unfiltered,      &ProbeCounts::closed,
    &ProbeCounts::filtered,      &ProbeCounts::errors,          &ProbeCounts::duplicates,
    &ProbeCounts::unasked,       &ProbeCounts::tries_answered,  &ProbeCounts::tries_unanswered};

void put(std::vector<std::uint8_t>& out, std::uint64_t value) {  // LEB128
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

// Runs: twice the length and the state. Literals: twice the length and one, and the states.
void put_states(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> states) {
  std::size_t literal = 0;  // where the states that are in no run begin
  const auto flush = [&](std::size_t end) {
    if (end == literal) return;
    put(out, (end - literal) << 1 | 1);
    out.insert(out.end(), states.begin() + static_cast<std::ptrdiff_t>(literal),
               states.begin() + static_cast<std::ptrdiff_t>(end));
  };
  for (std::size_t i = 0; i < states.size();) {
    std::size_t end = i + 1;
    while (end < states.size() && states[end] == states[i]) ++end;
    if (end - i >= kShortestRun) {
      flush(i);
      put(out, (end - i) << 1);
      out.push_back(states[i]);
      literal = end;
    }
    i = end;
  }
  flush(states.size());
}

// How many hosts, how many of those left out are down, how many pairs they had, and the lengths of runs: first of hosts
// that are probed, then of hosts that are not, and so on.
void put_left_out(std::vector<std::uint8_t>& out, const LeftOut& left_out, std::uint64_t pairs) {
  const HostSet& hosts = left_out.hosts;
  put(out, hosts.size());
  put(out, left_out.down);
  put(out, pairs);
  bool inside = false;
  for (std::uint64_t i = 0; i < hosts.size();) {
    const std::uint64_t begin = i;
    while (i < hosts.size() && hosts.contains(i) == inside) ++i;
    put(out, i - begin);
    inside = !inside;
  }
}

std::unexpected<Error> malformed(std::string why) { return make_error(Errc::malformed, "checkpoint", std::move(why)); }

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

  std::uint64_t number() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = take(1);
      if (byte.empty()) return 0;
      const std::uint64_t bits = byte.front() & 0x7fU;
      if (bits << shift >> shift != bits) break;
      value |= bits << shift;
      if ((byte.front() & 0x80U) == 0) return value;
    }
    failed_ = true;
    return 0;
  }

  std::span<const std::uint8_t> take(std::uint64_t count) noexcept {
    if (count > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const auto taken = bytes_.first(static_cast<std::size_t>(count));
    bytes_ = bytes_.subspan(static_cast<std::size_t>(count));
    return taken;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool failed_ = false;
};

bool is_state(std::uint8_t state) noexcept { return state < 0x40 && PairStates::tries(state) <= kMostTries; }

Result<void> read_states(Reader& reader, std::uint64_t count, std::vector<std::uint8_t>& states) {
  while (states.size() < count) {
    const std::uint64_t head = reader.number();
    const std::uint64_t length = head >> 1;
    if (reader.failed() || length == 0 || length > count - states.size()) return malformed("the states are cut off");
    const auto bytes = reader.take((head & 1) != 0 ? length : 1);
    if (reader.failed() || !std::ranges::all_of(bytes, is_state)) return malformed("a state that there is none of");
    if ((head & 1) != 0) {
      states.insert(states.end(), bytes.begin(), bytes.end());
    } else {
      states.insert(states.end(), static_cast<std::size_t>(length), bytes.front());
    }
  }
  return {};
}

Result<void> read_left_out(Reader& reader, Checkpoint& checkpoint) {
  const std::uint64_t size = reader.number();
  const std::uint64_t down = reader.number();
  checkpoint.counts.left_out = reader.number();
  if (reader.failed() || size == 0 || size > kMostLeftOut || checkpoint.pairs % size != 0) {
    return malformed("the number of hosts is off");
  }
  LeftOut& left_out = checkpoint.left_out.emplace(LeftOut{HostSet(size), down});
  bool inside = false;
  for (std::uint64_t i = 0; i < size; inside = !inside) {
    const std::uint64_t length = reader.number();
    if (reader.failed() || length > size - i || (length == 0 && i > 0)) return malformed("the hosts are cut off");
    for (const std::uint64_t end = i + length; i < end; ++i) {
      if (inside) left_out.hosts.insert(i);
    }
  }
  if (down > left_out.hosts.count()) return malformed("more hosts down than left out");
  return {};
}

Result<void> check(const Checkpoint& checkpoint, std::uint64_t states) {
  const Shard& shard = checkpoint.shard;
  if (checkpoint.pairs == 0 || checkpoint.pairs > kMostPairs) return malformed("the number of pairs is off");
  if (shard.count == 0 || shard.number >= shard.count) return malformed("the shard is off");
  const std::uint64_t first = begin_of(shard, checkpoint.pairs);
  const std::uint64_t last = end_of(shard, checkpoint.pairs);
  if (checkpoint.base < first || checkpoint.base > last || states > last - checkpoint.base ||
      states > kMostRememberedPairs || (last - first <= kMostRememberedPairs && checkpoint.base != first)) {
    return malformed("the positions are off");
  }
  const ProbeCounts& counts = checkpoint.counts;
  for (const std::uint64_t count :
       {counts.open, counts.open_filtered, counts.unfiltered, counts.closed, counts.filtered, counts.errors}) {
    if (count > last - first) return malformed("more results than pairs");
  }
  if (counts.tries_unanswered > counts.tries_answered) return malformed("more lost tries than tries");
  return {};
}

}  // namespace

std::uint64_t digest_of(const ProbeSpace& space, const Technique& technique, std::string_view manner) {
  std::vector<std::uint8_t> bytes;
  const auto add = [&bytes](const auto& part) {  // behind its length, so that no part runs into the next
    put(bytes, part.size());
    bytes.insert(bytes.end(), part.begin(), part.end());
  };
  add(technique.name);
  add(manner);
  put(bytes, space.targets().range_count());
  for (std::size_t i = 0; i < space.targets().range_count(); ++i) {
    const AddressRange range = space.targets().range(i);
    add(range.first.bytes());
    add(range.last.bytes());
    put(bytes, range.first.scope_id());
  }
  for (std::uint64_t i = 0; i < space.port_count(); ++i) put(bytes, space[i].port);
  return siphash_2_4(kChecksumKey, bytes);
}

std::uint64_t checkpoint_checksum(std::span<const std::uint8_t> bytes) noexcept {
  return siphash_2_4(kChecksumKey, bytes);
}

std::vector<std::uint8_t> serialize(const Checkpoint& checkpoint) {
  std::vector<std::uint8_t> out(kMagic.begin(), kMagic.end());
  for (const std::uint64_t value :
       {checkpoint.left_out ? kVersionWithHosts : kVersion, checkpoint.digest, checkpoint.seed, checkpoint.pairs,
        std::uint64_t{checkpoint.shard.number}, std::uint64_t{checkpoint.shard.count},
        std::uint64_t{checkpoint.concluded}, checkpoint.base, std::uint64_t{checkpoint.states.size()}}) {
    put(out, value);
  }
  for (const auto count : kCounts) put(out, checkpoint.counts.*count);
  put_states(out, checkpoint.states);
  if (checkpoint.left_out) put_left_out(out, *checkpoint.left_out, checkpoint.counts.left_out);
  const std::uint64_t checksum = checkpoint_checksum(out);
  for (unsigned i = 0; i < 8; ++i) out.push_back(static_cast<std::uint8_t>(checksum >> (8 * i)));
  return out;
}

Result<Checkpoint> parse_checkpoint(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kMagic.size() + 8 || !std::ranges::equal(bytes.first(kMagic.size()), kMagic)) {
    return malformed("this is no checkpoint of a scan");
  }
  Reader reader(bytes.subspan(kMagic.size(), bytes.size() - kMagic.size() - 8));
  // First, since only the place of the version is the same in all of them.
  const std::uint64_t version = reader.number();
  if (version != kVersion && version != kVersionWithHosts) {
    return malformed("has version " + std::to_string(version) + " of the format, and this program reads versions " +
                     std::to_string(kVersion) + " and " + std::to_string(kVersionWithHosts) + " only");
  }
  std::uint64_t checksum = 0;
  for (unsigned i = 0; i < 8; ++i) checksum |= std::uint64_t{bytes[bytes.size() - 8 + i]} << (8 * i);
  if (checksum != checkpoint_checksum(bytes.first(bytes.size() - 8))) return malformed("its checksum is wrong");

  Checkpoint checkpoint;
  checkpoint.digest = reader.number();
  checkpoint.seed = reader.number();
  checkpoint.pairs = reader.number();
  const std::uint64_t shard = reader.number();
  const std::uint64_t shards = reader.number();
  if (shard > 0xffff'ffff || shards > 0xffff'ffff) return malformed("the shard is off");
  checkpoint.shard = {static_cast<std::uint32_t>(shard), static_cast<std::uint32_t>(shards)};
  checkpoint.concluded = reader.number() != 0;
  checkpoint.base = reader.number();
  const std::uint64_t states = reader.number();
  for (const auto count : kCounts) checkpoint.counts.*count = reader.number();
  if (reader.failed()) return malformed("it is cut off");
  TCP_TRY(check(checkpoint, states));
  checkpoint.counts.pairs = end_of(checkpoint.shard, checkpoint.pairs) - begin_of(checkpoint.shard, checkpoint.pairs);
  TCP_TRY(read_states(reader, states, checkpoint.states));
  if (version == kVersionWithHosts) TCP_TRY(read_left_out(reader, checkpoint));
  if (checkpoint.counts.left_out > checkpoint.counts.pairs) return malformed("more pairs left out than there are");
  if (!reader.empty()) return malformed("something follows its end");
  return checkpoint;
}

}  // namespace tcp::scan
