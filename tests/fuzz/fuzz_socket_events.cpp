// SPDX-License-Identifier: MIT
// What the kernel tells of changes of state: a format file and a record read by it, a ring of perf_event_open(2), and
// the texts of its counters. The first byte chooses.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libtcp/net/perf_ring.hpp"
#include "libtcp/sockets/counters.hpp"
#include "libtcp/sockets/state_record.hpp"
#include "require.hpp"

namespace {

using namespace tcp;
using Bytes = std::span<const std::uint8_t>;

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// The format, a NUL, the record.
void read_record(Bytes bytes) {
  const auto end = std::ranges::find(bytes, 0);
  const auto format = sockets::StateRecordFormat::parse(text_of({bytes.begin(), end}));
  if (!format || end == bytes.end()) return;
  const auto change = format->read({end + 1, bytes.end()});
  if (change) (void)to_string(change->ends.local);
}

void read_ring(Bytes bytes) {
  net::PerfRingState state;
  const std::size_t size = std::size_t{1} << (bytes.empty() ? 3 : 3 + bytes[0] % 10);
  if (bytes.size() < size + 1) return;
  const Bytes area = bytes.subspan(1, size);
  state.tail = bytes[0];
  net::read_perf_ring(area, std::uint64_t{bytes[0]} + size, state, [&](const net::PerfSample& sample) {
    fuzz::require(sample.record.size() <= size);
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : sample.record) sum = static_cast<std::uint8_t>(sum + byte);
    (void)sum;
  });
  fuzz::require(state.tail == bytes[0] + size);
}

void read_counters(Bytes bytes) {
  sockets::CounterValues values;
  values.take_table("netstat", text_of(bytes));
  values.take_table("snmp", text_of(bytes));
  values.take_pairs("sockstat", text_of(bytes));
  (void)values.get("listen_drops");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes rest = Bytes(data, size).subspan(1);
  switch (data[0] % 3) {
    case 0: read_record(rest); break;
    case 1: read_ring(rest); break;
    default: read_counters(rest); break;
  }
  return 0;
}
