// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/tcp.h>

#include <cstddef>
#include <cstring>
#include <set>
#include <string>

#include "libtcp/sockets/tcp_info.hpp"
#include "sockets_messages.hpp"

using namespace tcp::sockets;
using socket_messages::octets_of;

TEST_CASE("the table agrees with the headers where they know the field") {
  const auto offset_of = [](std::string_view name) { return std::size_t{find_tcp_info_field(name)->offset}; };
  CHECK(offset_of("rto") == offsetof(tcp_info, tcpi_rto));
  CHECK(offset_of("rtt") == offsetof(tcp_info, tcpi_rtt));
  CHECK(offset_of("snd_cwnd") == offsetof(tcp_info, tcpi_snd_cwnd));
  CHECK(offset_of("pacing_rate") == offsetof(tcp_info, tcpi_pacing_rate));
  CHECK(offset_of("bytes_received") == offsetof(tcp_info, tcpi_bytes_received));
  CHECK(offset_of("delivery_rate") == offsetof(tcp_info, tcpi_delivery_rate));
  CHECK(offset_of("bytes_retrans") == offsetof(tcp_info, tcpi_bytes_retrans));
  CHECK(offset_of("snd_wnd") == offsetof(tcp_info, tcpi_snd_wnd));
}

TEST_CASE("the fields follow each other without a gap or an overlap, and no name comes twice") {
  std::set<std::string> names;
  std::size_t end = 0;
  unsigned bit = 0;
  for (const TcpInfoField& field : tcp_info_fields()) {
    CHECK(names.insert(std::string(field.name)).second);
    if (field.shift > 0) {
      CHECK(field.offset + 1U == end);
      CHECK(field.shift == bit);
    } else {
      CHECK(field.offset == end);
      end += field.width;
      bit = 0;
    }
    bit += field.bits;
  }
  CHECK(end == 280);
}

TEST_CASE("values of every width, and bit fields") {
  tcp_info info{};
  info.tcpi_snd_wscale = 7;
  info.tcpi_rcv_wscale = 10;
  info.tcpi_delivery_rate_app_limited = 1;
  info.tcpi_fastopen_client_fail = 2;
  info.tcpi_rtt = 1234;
  info.tcpi_bytes_acked = 0x123456789abcdef0;
  TcpInfo told;
  CHECK_FALSE(told.get("rtt"));
  told.assign(octets_of(info));
  CHECK(told.get("snd_wscale") == 7U);
  CHECK(told.get("rcv_wscale") == 10U);
  CHECK(told.get("delivery_rate_app_limited") == 1U);
  CHECK(told.get("fastopen_client_fail") == 2U);
  CHECK(told.get("rtt") == 1234U);
  CHECK(told.get("bytes_acked") == 0x123456789abcdef0U);
  CHECK_FALSE(told.get("total_rto_time"));
  CHECK_FALSE(told.get("no_such_field"));
}

TEST_CASE("a later kernel's struct is kept as far as it is known") {
  TcpInfo told;
  told.assign(std::vector<std::uint8_t>(2000, 1));
  CHECK(told.size() == TcpInfo::kMost);
  CHECK(told.get("accecn_opt_seen") == 0x101U);
}
