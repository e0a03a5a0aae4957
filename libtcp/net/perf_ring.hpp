// SPDX-License-Identifier: MIT
// The records in a ring of perf_event_open(2), as bytes: of events that tell their time and their raw data
// (PERF_SAMPLE_TIME | PERF_SAMPLE_RAW), and how many there was no room for.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace tcp::net {

struct PerfSample {
  std::uint64_t time_ns = 0;             // of the clock the event was opened with
  std::span<const std::uint8_t> record;  // good for the call only; the kernel pads it with up to 7 bytes
};

struct PerfRingState {
  std::uint64_t tail = 0;  // read so far; grows without end
  std::uint64_t lost = 0;  // records the kernel had no room for
};

// Reads on from state.tail to `head`. The size of `area` is a power of two. Records that break the format are passed
// over; when one has no length, all the rest is.
void read_perf_ring(std::span<const std::uint8_t> area, std::uint64_t head, PerfRingState& state,
                    const std::function<void(const PerfSample& sample)>& handler);

}  // namespace tcp::net
