// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <set>
#include <string>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/sockets/counters.hpp"

using namespace tcp;
using namespace tcp::sockets;

namespace {

CounterValues table_of(std::string_view text, std::string_view file = "netstat") {
  CounterValues values;
  values.take_table(file, text);
  return values;
}

std::size_t known(const CounterValues& values) {
  std::size_t known = 0;
  for (std::size_t i = 0; i < kCounters; ++i) known += values.get(i).has_value() ? std::size_t{1} : std::size_t{0};
  return known;
}

bool is_snake_case(std::string_view key) {
  return !key.empty() && key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

TEST_CASE("each counter has a key of its own, a source of its own and words") {
  std::set<std::string> keys;
  std::set<std::string> sources;
  for (const Counter& counter : counters()) {
    CHECK(is_snake_case(counter.key));
    CHECK(keys.emplace(counter.key).second);
    CHECK(sources.emplace(std::string(counter.group) + "." + std::string(counter.kernel_name)).second);
    CHECK_FALSE(counter.description.empty());
  }
}

TEST_CASE("names and values are told apart by their place, whatever their order") {
  const CounterValues values = table_of(
      "TcpExt: SyncookiesSent Unknown ListenDrops ListenOverflows\nTcpExt: 1 2 3 18446744073709551615\n"
      "IpExt: InOctets\nIpExt: 7\nMPTcpExt: MPCurrEstab\nMPTcpExt: 4\n");
  CHECK(values.get("syn_cookies_sent") == 1U);
  CHECK(values.get("listen_drops") == 3U);
  CHECK(values.get("listen_overflows") == ~std::uint64_t{0});
  CHECK(values.get("mptcp_established") == 4U);
  CHECK_FALSE(values.get("resets_sent"));
  CHECK_FALSE(values.get("no_such_counter"));
}

TEST_CASE("the same name in another group or file is another counter") {
  CHECK_FALSE(table_of("Udp: ListenDrops\nUdp: 9\n").get("listen_drops"));
  CHECK_FALSE(table_of("TcpExt: ListenDrops\nTcpExt: 9\n", "snmp").get("listen_drops"));
}

TEST_CASE("sockstat has names and values in turn") {
  CounterValues values;
  values.take_pairs("sockstat", "sockets: used 14\nTCP: inuse 1 orphan 0 tw 25 alloc 100102 mem 49942\nUDP: inuse 3\n");
  values.take_pairs("sockstat6", "TCP6: inuse 8\n");
  CHECK(values.get("in_use_v4") == 1U);
  CHECK(values.get("in_use_v6") == 8U);
  CHECK(values.get("time_wait") == 25U);
  CHECK(values.get("allocated") == 100102U);
  CHECK(values.get("memory_pages") == 49942U);
}

TEST_CASE("hostile text gives nothing that is not there") {
  for (const char* text :
       {"", "\n", ":", "TcpExt", "TcpExt:", "TcpExt: ListenDrops", "TcpExt: ListenDrops\n",
        "TcpExt: ListenDrops\nTcpExt:", "TcpExt: ListenDrops\nTcp: 3", "TcpExt: ListenDrops\nTcpExt: -1",
        "TcpExt: ListenDrops\nTcpExt: 18446744073709551616", "TcpExt: ListenDrops\nTcpExt: 3x",
        "TcpExt ListenDrops\nTcpExt 3", "\n\n\nTcpExt: 3\nTcpExt: ListenDrops"}) {
    CHECK_MESSAGE(known(table_of(text)) == 0, text);
    CounterValues pairs;
    pairs.take_pairs("sockstat", text);
    CHECK(known(pairs) == 0);
  }
  CounterValues cut;
  cut.take_pairs("sockstat", "TCP: inuse 1 orphan");
  CHECK(known(cut) == 1);
}

TEST_CASE("a line without its values does not shift the others") {
  CHECK(table_of("Ip: A B\nIp: 1 2\nTcpExt: ListenDrops TCPTimeouts\nTcpExt: 3\n").get("listen_drops") == 3U);
}

TEST_CASE("this kernel tells its counters, and a missing directory is an error") {
  const auto values = read_counters();
  REQUIRE(values);
  for (const char* key : {"established", "time_wait", "in_use_v4", "retransmitted_segments", "resets_sent",
                          "listen_overflows", "listen_drops", "syn_cookies_failed", "backlog_drops"}) {
    CHECK_MESSAGE(values->get(std::string_view(key)), key);
  }
  CHECK_FALSE(read_counters("/nowhere"));
}

TEST_CASE("counts per state are a dump's, with sockets that are only bound apart") {
  const UniqueFd bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(bound.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(listener.get(), 1) == 0);
  const auto outcome = count_states(~StateSet{0}, Family::v4, false);
  REQUIRE(outcome);
  CHECK(outcome->counts[static_cast<std::size_t>(TcpState::bound_inactive)] >= 1);
  CHECK(outcome->counts[static_cast<std::size_t>(TcpState::listen)] >= 1);
  std::uint64_t sum = 0;
  for (const std::uint64_t count : outcome->counts) sum += count;
  CHECK(sum == outcome->dump.sockets);
}
