// SPDX-License-Identifier: MIT
// What two looks at one socket say about its rate.
#include <array>
#include <cstring>

#include <doctest/doctest.h>

#include "libtcp/sockets/rates.hpp"

namespace tcp::sockets {
namespace {

using namespace std::chrono_literals;

SocketInfo socket_with(std::uint64_t cookie, std::uint64_t sent, std::uint64_t received, std::uint32_t retransmitted) {
  std::array<std::uint8_t, 256> bytes{};
  const auto put = [&](std::string_view name, auto value) {
    std::memcpy(bytes.data() + find_tcp_info_field(name)->offset, &value, sizeof value);
  };
  put("bytes_sent", sent);
  put("bytes_received", received);
  put("total_retrans", retransmitted);
  SocketInfo socket;
  socket.cookie = cookie;
  socket.tcp_info.assign(bytes);
  return socket;
}

}  // namespace

TEST_CASE("rates: between a look and the one before it") {
  RateKeeper rates;
  rates.begin_look(MonotonicTime(10s));
  CHECK_FALSE(rates.meet(socket_with(1, 1000, 0, 0)));
  rates.begin_look(MonotonicTime(12s));
  const auto first = rates.meet(socket_with(1, 5000, 100, 4));
  REQUIRE(first);
  CHECK(first->sent_bytes_per_second == 2000);
  CHECK(first->received_bytes_per_second == 50);
  CHECK(first->retransmitted_segments_per_second == 2);
  CHECK_FALSE(rates.meet(socket_with(2, 5000, 100, 4)));  // new
  rates.begin_look(MonotonicTime(13s));
  CHECK(rates.meet(socket_with(1, 6000, 100, 4))->sent_bytes_per_second == 1000);
}

TEST_CASE("rates: a look that is repeated is compared with the same one") {
  RateKeeper rates;
  rates.begin_look(MonotonicTime(10s));
  (void)rates.meet(socket_with(1, 0, 0, 0));
  rates.begin_look(MonotonicTime(11s));
  CHECK(rates.meet(socket_with(1, 1000, 0, 0))->sent_bytes_per_second == 1000);
  rates.repeat_look(MonotonicTime(12s));
  CHECK(rates.meet(socket_with(1, 4000, 0, 0))->sent_bytes_per_second == 2000);
  rates.begin_look(MonotonicTime(14s));
  CHECK(rates.meet(socket_with(1, 5000, 0, 0))->sent_bytes_per_second == 500);
}

TEST_CASE("rates: nothing of a socket that was away, without tcp_info, or in no time") {
  RateKeeper rates;
  rates.begin_look(MonotonicTime(10s));
  (void)rates.meet(socket_with(1, 0, 0, 0));
  rates.begin_look(MonotonicTime(11s));
  rates.begin_look(MonotonicTime(12s));
  CHECK_FALSE(rates.meet(socket_with(1, 9, 9, 9)));
  CHECK_FALSE(rates.meet(SocketInfo()));
  rates.begin_look(MonotonicTime(12s));
  CHECK_FALSE(rates.meet(socket_with(1, 9, 9, 9)));
}

TEST_CASE("rates: a counter that falls is no rate") {
  RateKeeper rates;
  rates.begin_look(MonotonicTime(10s));
  (void)rates.meet(socket_with(1, 9000, 0, 0));
  rates.begin_look(MonotonicTime(11s));
  CHECK(rates.meet(socket_with(1, 10, 0, 0))->sent_bytes_per_second == 0);
}

}  // namespace tcp::sockets
