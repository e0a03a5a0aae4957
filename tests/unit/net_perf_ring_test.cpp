// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/perf_event.h>

#include <cstring>

#include "libtcp/net/perf_ring.hpp"

using namespace tcp::net;

namespace {

using Octets = std::vector<std::uint8_t>;

template <class T>
void append(Octets& to, const T& value) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

Octets record(std::uint32_t type, const Octets& body) {
  Octets bytes;
  append(bytes, perf_event_header{type, 0, static_cast<std::uint16_t>(sizeof(perf_event_header) + body.size())});
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

// Its raw data is `size` times `fill`; the size is told as `told`.
Octets sample(std::uint64_t time, std::uint8_t fill, std::size_t size, std::uint32_t told) {
  Octets body;
  append(body, time);
  append(body, told);
  body.insert(body.end(), size, fill);
  return record(PERF_RECORD_SAMPLE, body);
}

struct Ring {
  explicit Ring(std::size_t size) : area(size) {}
  void put(const Octets& bytes) {
    for (const std::uint8_t byte : bytes) area[head++ & (area.size() - 1)] = byte;
  }
  void read() {
    read_perf_ring(area, head, state, [this](const PerfSample& one) {
      seen.push_back({one.time_ns, Octets(one.record.begin(), one.record.end())});
    });
  }
  struct Seen {
    std::uint64_t time;
    Octets bytes;
  };
  Octets area;
  std::uint64_t head = 0;
  PerfRingState state;
  std::vector<Seen> seen;
};

}  // namespace

TEST_CASE("samples come in order, also across the end of the ring") {
  Ring ring(128);
  for (std::uint8_t i = 1; i <= 9; ++i) {
    ring.put(sample(i, i, 28, 28));
    ring.read();
  }
  REQUIRE(ring.seen.size() == 9);
  for (std::uint8_t i = 1; i <= 9; ++i) {
    CHECK(ring.seen[i - 1U].time == i);
    CHECK(ring.seen[i - 1U].bytes == Octets(28, i));
  }
  CHECK(ring.state.tail == ring.head);
  CHECK(ring.state.lost == 0);
}

TEST_CASE("what the kernel had no room for is counted") {
  Ring ring(256);
  Octets loss;
  append(loss, std::uint64_t{7});
  append(loss, std::uint64_t{41});
  ring.put(record(PERF_RECORD_LOST, loss));
  ring.put(record(PERF_RECORD_THROTTLE, Octets(24)));
  ring.put(record(PERF_RECORD_LOST, loss));
  ring.put(sample(1, 1, 4, 4));
  ring.read();
  CHECK(ring.state.lost == 82);
  CHECK(ring.seen.size() == 1);
}

TEST_CASE("records that break the format are passed over") {
  Ring ring(256);
  ring.put(sample(1, 1, 4, 5));  // claims more than it has
  ring.put(record(PERF_RECORD_SAMPLE, Octets(8)));
  ring.put(record(PERF_RECORD_LOST, Octets(8)));
  ring.put(sample(2, 2, 4, 4));
  ring.read();
  REQUIRE(ring.seen.size() == 1);
  CHECK(ring.seen[0].time == 2);
  ring.put(Octets(16));  // no length: nothing behind it can be found
  ring.put(sample(3, 3, 4, 4));
  ring.read();
  CHECK(ring.seen.size() == 1);
  CHECK(ring.state.tail == ring.head);
  ring.put(sample(4, 4, 4, 4));
  ring.read();
  CHECK(ring.seen.size() == 2);
}
