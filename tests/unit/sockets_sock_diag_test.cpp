// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <linux/inet_diag.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/sockets/sock_diag.hpp"
#include "libtcp/sockets/socket_message.hpp"

using namespace tcp;
using namespace tcp::sockets;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes message(std::uint8_t family, std::uint16_t port, const Bytes& attributes = {}) {
  inet_diag_msg diag{};
  diag.idiag_family = family;
  diag.idiag_state = 10;
  diag.id.idiag_sport = htons(port);
  diag.id.idiag_src[0] = htonl(0x7f000001);
  diag.idiag_rqueue = 3;
  diag.idiag_wqueue = 128;
  diag.idiag_uid = 33;
  diag.idiag_inode = 4711;
  Bytes bytes(sizeof diag);
  std::memcpy(bytes.data(), &diag, sizeof diag);
  bytes.insert(bytes.end(), attributes.begin(), attributes.end());
  return bytes;
}

}  // namespace

TEST_CASE("a listener is read from the kernel's message") {
  const auto socket = parse_socket(message(AF_INET, 443), ports::Protocol::tcp);
  REQUIRE(socket);
  CHECK(to_string(socket->local) == "127.0.0.1:443");
  CHECK(socket->state == TcpState::listen);
  CHECK(socket->user_id == 33);
  CHECK(socket->inode == 4711);
  CHECK(socket->receive_queue == 3);
  CHECK(socket->send_queue == 128);
  CHECK_FALSE(socket->v6_only);
}

TEST_CASE("an IPv6 listener says whether IPv4 is its business too") {
  const Bytes attributes{5, 0, INET_DIAG_SKV6ONLY, 0, 1, 0, 0, 0};
  const auto socket = parse_socket(message(AF_INET6, 80, attributes), ports::Protocol::tcp);
  REQUIRE(socket);
  CHECK(socket->local.address.is_v6());
  CHECK(socket->v6_only == true);
}

TEST_CASE("messages that are cut or foreign are malformed") {
  const Bytes whole = message(AF_INET, 443);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(parse_socket(std::span(whole).first(size), ports::Protocol::tcp));
  }
  CHECK(parse_socket(message(AF_UNIX, 1), ports::Protocol::tcp).error().is(Errc::malformed));
  CHECK_FALSE(parse_socket(message(AF_INET6, 1, {200, 0, 11, 0, 1, 0, 0, 0}), ports::Protocol::tcp));
}

TEST_CASE("a real listener is among the listed ones, and a bound UDP socket too") {
  const auto open_bound = [](int type) {
    UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    const auto local = to_socket_address({IpAddress::loopback(Family::v4), 0});
    REQUIRE(::bind(fd.get(), local.get(), local.length) == 0);
    return fd;
  };
  const auto port_of = [](const UniqueFd& fd) {
    SocketAddress local{{}, sizeof(sockaddr_storage)};
    REQUIRE(::getsockname(fd.get(), local.get(), &local.length) == 0);
    return from_socket_address(local.get(), local.length).value().port;
  };
  const UniqueFd listener = open_bound(SOCK_STREAM);
  REQUIRE(::listen(listener.get(), 7) == 0);
  const UniqueFd datagrams = open_bound(SOCK_DGRAM);

  const auto tcp_sockets = list_listeners(ports::Protocol::tcp);
  REQUIRE(tcp_sockets);
  const auto found = std::ranges::find(*tcp_sockets, port_of(listener), [](const auto& s) { return s.local.port; });
  REQUIRE(found != tcp_sockets->end());
  CHECK(found->send_queue == 7);
  CHECK(std::ranges::all_of(*tcp_sockets, [](const auto& s) { return s.state == TcpState::listen; }));

  const auto udp_sockets = list_listeners(ports::Protocol::udp);
  if (!udp_sockets) {  // a kernel without udp_diag
    MESSAGE(udp_sockets.error().message());
    return;
  }
  CHECK(std::ranges::any_of(*udp_sockets, [&](const auto& s) { return s.local.port == port_of(datagrams); }));
}

TEST_CASE("other protocols have no listeners to list") {
  CHECK(list_listeners(ports::Protocol::sctp).error().is(Errc::unsupported));
}
