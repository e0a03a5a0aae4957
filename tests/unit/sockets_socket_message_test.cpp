// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/mptcp.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/tls.h>

#include <array>

#include "libtcp/sockets/socket_message.hpp"
#include "sockets_messages.hpp"

using namespace tcp;
using namespace tcp::sockets;
using namespace socket_messages;

namespace {

SocketInfo read(const inet_diag_msg& diag, std::initializer_list<Octets> attributes, bool is_mptcp = false) {
  const auto socket = parse_socket(joined({octets_of(diag), joined(attributes)}), ports::Protocol::tcp, is_mptcp);
  REQUIRE(socket);
  return *socket;
}

// Every detail at once, as one message.
Octets whole_message() {
  const Octets tls =
      joined({attribute(TLS_INFO_VERSION, octets_of(std::uint16_t{TLS_1_3_VERSION})),
              attribute(TLS_INFO_CIPHER, octets_of(std::uint16_t{TLS_CIPHER_AES_GCM_128})),
              attribute(TLS_INFO_TXCONF, octets_of(std::uint16_t{2})),
              attribute(TLS_INFO_RXCONF, octets_of(std::uint16_t{1})), attribute(TLS_INFO_ZC_RO_TX, {})});
  return joined(
      {octets_of(established(7)), attribute(INET_DIAG_SHUTDOWN, {3}), attribute(INET_DIAG_TOS, {0x10}),
       attribute(INET_DIAG_MARK, octets_of(std::uint32_t{0xabc})),
       attribute(INET_DIAG_CLASS_ID, octets_of(std::uint32_t{0x100001})),
       attribute(INET_DIAG_CGROUP_ID, octets_of(std::uint64_t{0x123456789a})),
       attribute(INET_DIAG_CONG, octets_of(std::string_view("cubic\0", 6))),
       attribute(INET_DIAG_MD5SIG, Octets(2 * sizeof(tcp_diag_md5sig))),
       attribute(INET_DIAG_SOCKOPT, {0b00100100, 0b00000101}),
       attribute(INET_DIAG_ULP_INFO, joined({attribute(INET_ULP_INFO_NAME, octets_of(std::string_view("tls"))),
                                             attribute(INET_ULP_INFO_TLS, tls)}))});
}

}  // namespace

TEST_CASE("the four-tuple, cookie, timer and queues come from the fixed part") {
  inet_diag_msg diag = established(0x1122334455667788);
  diag.idiag_timer = 4;
  diag.idiag_retrans = 3;
  diag.idiag_expires = 1234;
  diag.idiag_rqueue = 10;
  diag.idiag_wqueue = 20;
  diag.id.idiag_if = 9;
  const SocketInfo socket = read(diag, {});
  CHECK(to_string(socket.local) == "192.0.2.1:443");
  CHECK(to_string(socket.remote) == "198.51.100.7:50000");
  CHECK(socket.cookie == 0x1122334455667788);
  CHECK(socket.timer.kind == TimerKind::zero_window_probe);
  CHECK(socket.timer.retransmissions == 3);
  CHECK(socket.timer.expires_ms == 1234);
  CHECK(socket.receive_queue == 10);
  CHECK(socket.send_queue == 20);
  CHECK(socket.interface_index == 9);
  CHECK(socket.tcp_info.size() == 0);
  CHECK_FALSE(socket.memory);
  CHECK_FALSE(socket.mark);
}

TEST_CASE("each attribute becomes its field") {
  const auto read_whole = parse_socket(whole_message(), ports::Protocol::tcp);
  REQUIRE(read_whole);
  CHECK(read_whole->shutdown == 3);
  CHECK(read_whole->tos == 0x10);
  CHECK(read_whole->mark == 0xabcU);
  CHECK(read_whole->class_id == 0x100001U);
  CHECK(read_whole->cgroup_id == 0x123456789aU);
  CHECK(read_whole->congestion.view() == "cubic");
  CHECK(read_whole->md5_keys == 2);
  CHECK(read_whole->upper_layer.view() == "tls");
}

TEST_CASE("socket options are the bits of inet_diag_sockopt") {
  const auto flags = parse_socket(whole_message(), ports::Protocol::tcp)->flags;
  REQUIRE(flags);
  CHECK(flags->freebind);
  CHECK(flags->transparent);
  CHECK(flags->bind_address_no_port);
  CHECK(flags->defer_connect);
  CHECK_FALSE(flags->recverr);
  CHECK_FALSE(flags->nodefrag);
}

TEST_CASE("kernel TLS tells version, cipher and who encrypts") {
  const auto tls = parse_socket(whole_message(), ports::Protocol::tcp)->tls;
  REQUIRE(tls);
  CHECK(tls->version == TLS_1_3_VERSION);
  CHECK(tls->cipher == TLS_CIPHER_AES_GCM_128);
  CHECK(tls->send_configuration == 2);
  CHECK(tls->receive_configuration == 1);
  CHECK(tls->zero_copy_send);
  CHECK_FALSE(tls->no_padding_on_receive);
}

TEST_CASE("memory figures keep their order, and an older kernel's fewer ones are zero") {
  std::array<std::uint32_t, SK_MEMINFO_VARS> words{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto memory = read(established(1), {attribute(INET_DIAG_SKMEMINFO, octets_of(words))}).memory;
  REQUIRE(memory);
  CHECK(memory->receive_allocated == 1);
  CHECK(memory->receive_limit == 2);
  CHECK(memory->send_allocated == 3);
  CHECK(memory->send_limit == 4);
  CHECK(memory->forward_allocated == 5);
  CHECK(memory->send_queued == 6);
  CHECK(memory->option_allocated == 7);
  CHECK(memory->backlog == 8);
  CHECK(memory->drops == 9);
  const auto older = read(established(1), {attribute(INET_DIAG_SKMEMINFO, octets_of(std::array{1, 2, 3, 4, 5, 6, 7}))});
  CHECK(older.memory->option_allocated == 7);
  CHECK(older.memory->drops == 0);
}

TEST_CASE("congestion control tells its own state") {
  const tcp_bbr_info bbr{
      .bbr_bw_lo = 5, .bbr_bw_hi = 1, .bbr_min_rtt = 900, .bbr_pacing_gain = 739, .bbr_cwnd_gain = 512};
  const tcpvegas_info vegas{.tcpv_enabled = 1, .tcpv_rttcnt = 2, .tcpv_rtt = 3, .tcpv_minrtt = 4};
  const tcp_dctcp_info dctcp{
      .dctcp_enabled = 1, .dctcp_ce_state = 1, .dctcp_alpha = 1024, .dctcp_ab_ecn = 7, .dctcp_ab_tot = 70};
  const SocketInfo socket = read(
      established(1), {attribute(INET_DIAG_BBRINFO, octets_of(bbr)), attribute(INET_DIAG_VEGASINFO, octets_of(vegas)),
                       attribute(INET_DIAG_DCTCPINFO, octets_of(dctcp))});
  CHECK(socket.bbr->bandwidth_bytes_per_second == 0x100000005);
  CHECK(socket.bbr->min_rtt_us == 900);
  CHECK(socket.bbr->cwnd_gain == 512);
  CHECK(socket.vegas->min_rtt_us == 4);
  CHECK(socket.dctcp->alpha == 1024);
  CHECK(socket.dctcp->total_bytes == 70);
}

TEST_CASE("a Multipath TCP connection's details are not read as tcp_info") {
  Octets info(96);
  info[0] = 2;      // subflows
  info[12] = 0xef;  // token
  info[56] = 1;     // bytes_sent
  info[92] = 42;    // last_ack_recv
  const Octets attributes = attribute(INET_DIAG_INFO, info);
  const SocketInfo connection = read(established(1), {attributes}, true);
  CHECK(connection.is_mptcp);
  CHECK(connection.tcp_info.size() == 0);
  CHECK(connection.mptcp_info.size() == 96);
  CHECK(connection.mptcp_info.get("subflows") == 2U);
  CHECK(connection.mptcp_info.get("token") == 0xefU);
  CHECK(connection.mptcp_info.get("bytes_sent") == 1U);
  CHECK(connection.mptcp_info.get("last_ack_recv") == 42U);
  CHECK_FALSE(connection.mptcp_info.get("no_such_field"));
  const SocketInfo subflow = read(established(1), {attributes});
  CHECK(subflow.mptcp_info.size() == 0);
  CHECK(subflow.tcp_info.size() == 96);
}

TEST_CASE("a kernel older than a field does not tell it") {
  const SocketInfo socket = read(established(1), {attribute(INET_DIAG_INFO, Octets(48))}, true);
  CHECK(socket.mptcp_info.get("retransmits") == 0U);
  CHECK_FALSE(socket.mptcp_info.get("bytes_retrans"));
}

TEST_CASE("a subflow tells its place in the Multipath TCP connection") {
  const Octets mptcp = joined({attribute(MPTCP_SUBFLOW_ATTR_TOKEN_LOC, octets_of(std::uint32_t{0xca2392e4})),
                               attribute(MPTCP_SUBFLOW_ATTR_MAP_SEQ, octets_of(std::uint64_t{0x63d460a9dac7e5f6})),
                               attribute(MPTCP_SUBFLOW_ATTR_MAP_DATALEN, octets_of(std::uint16_t{0x3e8})),
                               attribute(MPTCP_SUBFLOW_ATTR_ID_LOC, {3})});
  const SocketInfo socket =
      read(established(1),
           {attribute(INET_DIAG_ULP_INFO, joined({attribute(INET_ULP_INFO_NAME, octets_of(std::string_view("mptcp"))),
                                                  attribute(INET_ULP_INFO_MPTCP | NLA_F_NESTED, mptcp)}))});
  REQUIRE(socket.mptcp_subflow);
  CHECK(socket.upper_layer.view() == "mptcp");
  CHECK(socket.mptcp_subflow->token_local == 0xca2392e4);
  CHECK(socket.mptcp_subflow->map_sequence == 0x63d460a9dac7e5f6);
  CHECK(socket.mptcp_subflow->map_data_length == 0x3e8);
  CHECK(socket.mptcp_subflow->id_local == 3);
}

TEST_CASE("attributes that are too short count as not told") {
  const SocketInfo socket =
      read(established(1),
           {attribute(INET_DIAG_MARK, {1, 2}), attribute(INET_DIAG_TOS, {}), attribute(INET_DIAG_SHUTDOWN, {}),
            attribute(INET_DIAG_CGROUP_ID, {1, 2, 3, 4}), attribute(INET_DIAG_SOCKOPT, {1}),
            attribute(INET_DIAG_BBRINFO, {1}), attribute(INET_DIAG_CLASS_ID, {1})});
  CHECK_FALSE(socket.mark);
  CHECK_FALSE(socket.tos);
  CHECK_FALSE(socket.shutdown);
  CHECK_FALSE(socket.cgroup_id);
  CHECK_FALSE(socket.flags);
  CHECK_FALSE(socket.bbr);
  CHECK_FALSE(socket.class_id);
}

TEST_CASE("a message cut anywhere is malformed, or ends between two attributes") {
  const Octets whole = whole_message();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto socket = parse_socket(std::span(whole).first(size), ports::Protocol::tcp);
    if (size < sizeof(inet_diag_msg)) CHECK_FALSE(socket);
    if (socket) CHECK((socket->cookie == 7 && !socket->tls));
  }
}

TEST_CASE("a state beyond all bits of a set of states is malformed") {
  Octets message = whole_message();
  message[offsetof(inet_diag_msg, idiag_state)] = 31;
  CHECK(parse_socket(message, ports::Protocol::tcp));
  message[offsetof(inet_diag_msg, idiag_state)] = 32;
  CHECK_FALSE(parse_socket(message, ports::Protocol::tcp));
}

TEST_CASE("names longer than the kernel's are cut") {
  const SocketInfo socket =
      read(established(1), {attribute(INET_DIAG_CONG, octets_of(std::string_view("a_name_that_is_far_too_long")))});
  CHECK(socket.congestion.view() == "a_name_that_is_f");
}
