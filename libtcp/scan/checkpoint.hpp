// SPDX-License-Identifier: MIT
// How far a scan is, as a value and as bytes: enough to go on elsewhere or later without probing twice what is known.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/scan/host_set.hpp"
#include "libtcp/scan/probe_counts.hpp"
#include "libtcp/scan/probe_space.hpp"
#include "libtcp/scan/shard.hpp"
#include "libtcp/scan/technique.hpp"

namespace tcp::scan {

struct Checkpoint {
  std::uint64_t digest = 0;  // of what decides what an answer means: digest_of()
  std::uint64_t seed = 0;
  std::uint64_t pairs = 0;  // of all shards
  Shard shard;
  bool concluded = false;  // silent pairs were reported and are in the counts
  ProbeCounts counts;
  std::optional<LeftOut> left_out;  // absent: the scan probes all targets, or did not come to know which
  std::uint64_t base = 0;           // the first position whose state is known; what is before is done
  // Of the positions from `base` on, as pair_states.hpp has them, without flags; behind the last nothing was probed.
  std::vector<std::uint8_t> states;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The same for the same scan, whatever the seed. `manner`: what its probes look like and which way they take.
[[nodiscard]] std::uint64_t digest_of(const ProbeSpace& space, const Technique& technique, std::string_view manner);

// What the last eight bytes must be for those before them, least significant first.
[[nodiscard]] std::uint64_t checkpoint_checksum(std::span<const std::uint8_t> bytes) noexcept;

// A version, fixed fields, the states in runs, with version 2 the hosts that are left out in runs, and a checksum.
[[nodiscard]] std::vector<std::uint8_t> serialize(const Checkpoint& checkpoint);

// The inverse. Everything in it agrees with everything else. Errors: malformed, with what is wrong.
[[nodiscard]] Result<Checkpoint> parse_checkpoint(std::span<const std::uint8_t> bytes);

}  // namespace tcp::scan
