// SPDX-License-Identifier: MIT
#include "libtcp/net/perf_ring.hpp"

#include <linux/perf_event.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "libtcp/net/wire.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kMostRecordBytes = 4096;  // a tracepoint's has some hundred
using Bytes = std::span<const std::uint8_t>;

// Copies from where `position` falls in the ring, around its end.
void copy_out(Bytes area, std::uint64_t position, std::span<std::uint8_t> to) {
  const std::size_t at = position & (area.size() - 1);
  const std::size_t first = std::min(to.size(), area.size() - at);
  std::memcpy(to.data(), area.data() + at, first);
  std::memcpy(to.data() + first, area.data(), to.size() - first);
}

void take_sample(Bytes body, const std::function<void(const PerfSample&)>& handler) {
  struct Fixed {
    std::uint64_t time;
    std::uint32_t size;
  };
  constexpr std::size_t kFixedBytes = 12;  // without the struct's own padding
  Fixed fixed{};
  if (body.size() < kFixedBytes) return;
  std::memcpy(&fixed, body.data(), kFixedBytes);
  if (fixed.size > body.size() - kFixedBytes) return;
  handler({fixed.time, body.subspan(kFixedBytes, fixed.size)});
}

void take_loss(Bytes body, PerfRingState& state) {
  struct Loss {
    std::uint64_t id;
    std::uint64_t lost;
  } loss;
  if (read_struct(body, loss)) state.lost += loss.lost;
}

}  // namespace

void read_perf_ring(Bytes area, std::uint64_t head, PerfRingState& state,
                    const std::function<void(const PerfSample& sample)>& handler) {
  std::array<std::uint8_t, kMostRecordBytes> record;
  while (head - state.tail >= sizeof(perf_event_header) && head - state.tail <= area.size()) {
    perf_event_header header;
    copy_out(area, state.tail, {reinterpret_cast<std::uint8_t*>(&header), sizeof header});
    if (header.size < sizeof header || header.size > head - state.tail) break;
    const std::size_t size = header.size - sizeof header;
    if (size <= record.size()) {
      const std::span body = std::span(record).first(size);
      copy_out(area, state.tail + sizeof header, body);
      if (header.type == PERF_RECORD_SAMPLE) take_sample(body, handler);
      if (header.type == PERF_RECORD_LOST) take_loss(body, state);
    }
    state.tail += header.size;
  }
  state.tail = head;
}

}  // namespace tcp::net
