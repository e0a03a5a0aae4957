// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/stream/http_proxy_server.hpp"
#include "libtcp/stream/proxy_authorization.hpp"
#include "libtcp/stream/proxy_server.hpp"
#include "libtcp/stream/proxy_targets.hpp"

using namespace std::literals;
using namespace tcp;
using namespace tcp::stream;
using State = ProxyServerTurn::State;

namespace {

constexpr MonotonicTime kNow{std::chrono::hours(1)};

ProxyServerTurn hear(ProxyServerDialogue& dialogue, std::string_view bytes, std::size_t at_a_time) {
  ProxyServerTurn turn;
  std::string said;
  std::size_t taken = 0;
  while (turn.state == State::more && taken < bytes.size()) {
    turn = dialogue.receive(bytes.substr(taken, at_a_time), kNow);
    taken += turn.taken;
    said += turn.output;
  }
  turn.output = said;
  turn.taken = taken;
  return turn;
}

ProxyAuthentication some_authentication() { return {{"me", "pa:ss"}, "secret"}; }

Address client_at(std::string_view address) { return Endpoint{*parse_ip_address(address), 1}; }

}  // namespace

TEST_CASE("SOCKS requests, in any pieces, to the byte") {
  struct Case {
    std::string_view request;
    std::string_view protocol, method, host, said;
    std::uint16_t port;
  };
  const Case cases[] = {
      {"\4\1\0\x50\x7f\0\0\1me\0"sv, "socks4", "CONNECT", "127.0.0.1", "", 80},
      {"\4\2\0\x50\0\0\0\1\0example.org\0"sv, "socks4a", "BIND", "example.org", "", 80},
      {"\5\2\1\0\5\1\0\1\x7f\0\0\1\1\xbb"sv, "socks5", "CONNECT", "127.0.0.1", "\5\0"sv, 443},
      {"\5\1\0\5\1\0\3\4host\0\x50"sv, "socks5", "CONNECT", "host", "\5\0"sv, 80},
      {"\5\1\0\5\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\x50"sv, "socks5", "BIND", "::1", "\5\0"sv, 80},
  };
  for (const Case& each : cases) {
    for (const std::size_t pieces : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
      auto server = make_socks_server(nullptr);
      const auto turn = hear(*server, std::string(each.request) + "payload", pieces);
      CHECK(turn.state == State::requested);
      CHECK(turn.taken == each.request.size());
      CHECK(turn.output == each.said);
      CHECK(server->request().protocol == each.protocol);
      CHECK(server->request().method == each.method);
      CHECK(server->request().target == HostTarget{std::string(each.host), each.port});
    }
  }
}

TEST_CASE("SOCKS4 words are bounded") {
  for (const std::string& begin : {"\4\1\0\x50\x7f\0\0\1"s, "\4\1\0\x50\0\0\0\1me\0"s}) {
    auto server = make_socks_server(nullptr);
    const auto turn = hear(*server, begin + std::string(10'000, 'x'), 7);
    CHECK(turn.state == State::refused);
    CHECK(turn.taken < 300);
    CHECK(turn.code == 91);
  }
}

TEST_CASE("SOCKS passwords") {
  const auto authentication = some_authentication();
  auto server = make_socks_server(&authentication);
  const auto right = hear(*server, "\5\2\0\2\1\2me\5pa:ss\5\1\0\1\x7f\0\0\1\0\x50"sv, 1);
  CHECK(right.state == State::requested);
  CHECK(right.output == "\5\2\1\0"sv);
  CHECK(server->request().user == "me");
  for (const auto wrong :
       {"\5\1\2\1\2me\5pa:sx"sv, "\5\1\2\1\2me\4pa:s"sv, "\5\1\2\1\0\0"sv, "\5\1\2\5\2me\5pa:ss"sv}) {
    server = make_socks_server(&authentication);
    const auto turn = hear(*server, wrong, 1);
    CHECK(turn.state == State::refused);
    CHECK(turn.output == "\5\2\1\1"sv);
  }
  server = make_socks_server(&authentication);
  CHECK(hear(*server, "\5\1\0"sv, 9).output == "\5\xff"sv);
  server = make_socks_server(&authentication);
  CHECK(hear(*server, "\4\1\0\x50\x7f\0\0\1me\0"sv, 9).code == 93);
}

TEST_CASE("SOCKS replies") {
  auto v5 = make_socks_server(nullptr);
  (void)hear(*v5, "\5\1\0\5\1\0\1\x7f\0\0\1\0\x50"sv, 99);
  CHECK(v5->granted({*parse_ip_address("192.0.2.1"), 0x1234}).bytes == "\5\0\0\1\xc0\0\2\1\x12\x34"sv);
  CHECK(v5->granted({*parse_ip_address("::1"), 1}).bytes.size() == 22);
  CHECK(v5->refused(ProxyRefusal::refused, "").bytes == "\5\5\0\1\0\0\0\0\0\0"sv);
  auto v4 = make_socks_server(nullptr);
  (void)hear(*v4, "\4\1\0\x50\x7f\0\0\1\0"sv, 99);
  CHECK(v4->granted({*parse_ip_address("192.0.2.1"), 0x1234}).bytes == "\0\x5a\x12\x34\xc0\0\2\1"sv);
  CHECK(v4->refused(ProxyRefusal::timed_out, "").code == 91);
}

TEST_CASE("HTTP: CONNECT and absolute URIs") {
  HttpProxyServer connect(nullptr);
  const std::string_view request = "\r\nCONNECT [::1]:443 HTTP/1.1\r\nHost: x\r\n\r\n";
  for (const std::size_t pieces : {std::size_t{1}, std::size_t{1000}}) {
    HttpProxyServer server(nullptr);
    const auto turn = hear(server, std::string(request) + "payload", pieces);
    CHECK(turn.state == State::requested);
    CHECK(turn.taken == request.size());
    CHECK(server.request().target == HostTarget{"::1", 443});
  }
  HttpProxyServer server(nullptr);
  const auto turn = hear(server,
                         "GET HTTP://u:p@example.org?q#f HTTP/1.1\r\nHost: other\r\nConnection: a, close\r\nA: 1\r\n"
                         "Proxy-Authorization: Basic x\r\nB: 2\r\n\r\n",
                         5);
  CHECK(turn.state == State::requested);
  CHECK(server.request().target == HostTarget{"example.org", 80});
  CHECK(server.origin_head() == "GET /?q HTTP/1.1\r\nHost: example.org\r\nB: 2\r\nVia: 1.1 tcpbox\r\n\r\n");
  CHECK_FALSE(server.keeps_open());
}

TEST_CASE("HTTP: heads are bounded, and the answer is one line") {
  HttpProxyServer server(nullptr);
  const auto turn = hear(server, "GET http://a/ HTTP/1.1\r\nX: " + std::string(200'000, 'y'), 4096);
  CHECK(turn.state == State::refused);
  CHECK(turn.code == 431);
  CHECK(turn.taken <= 68 * 1024);
  HttpProxyServer other(nullptr);
  CHECK(hear(other, "GET / HTTP/1.1\r\n\r\n", 99).code == 400);
}

TEST_CASE("HTTP: authentication") {
  const auto authentication = some_authentication();
  const auto ask = [&](const std::string& field, std::string_view method = "CONNECT a:1") {
    HttpProxyServer server(&authentication);
    return hear(server, std::string(method) + " HTTP/1.1\r\n" + field + "\r\n", 99999);
  };
  CHECK(ask("").code == 407);
  CHECK(ask("").state == State::more);
  CHECK(ask("Connection: close\r\n").state == State::refused);
  CHECK(ask("Proxy-Authorization: Basic bWU6cGE6c3M=\r\n").state == State::requested);
  CHECK(ask("Proxy-Authorization: Basic bWU6cGE6c3M\r\n").code == 407);
  CHECK(ask("Proxy-Authorization: Basic bWU6cGE6c3Q=\r\n").code == 407);
  CHECK(ask("Proxy-Authorization: Bearer x\r\n").code == 407);
  HttpProxyServer many(&authentication);
  std::string requests;
  for (int i = 0; i < 10; ++i) requests += "CONNECT a:1 HTTP/1.1\r\n\r\n";
  CHECK(hear(many, requests, 99999).state == State::refused);
}

TEST_CASE("Digest: our client's answers are good for their request and for a while") {
  const auto server = some_authentication();
  const auto offered = server.challenges(kNow, false);
  REQUIRE(offered.size() >= 2);
  for (const std::string& each : offered) {
    ProxyAuthorization client(ProxyCredentials{"me", "pa:ss"}, "nonce");
    REQUIRE(client.answer(parse_http_challenges(each)));
    const std::string value = *client.value("a:1");
    CHECK(server.check(value, "CONNECT", "a:1", kNow) == ProxyAuthentication::Verdict::accepted);
    if (!value.starts_with("Digest")) continue;
    CHECK(server.check(value, "CONNECT", "b:1", kNow) == ProxyAuthentication::Verdict::refused);
    CHECK(server.check(value, "GET", "a:1", kNow) == ProxyAuthentication::Verdict::refused);
    const MonotonicTime later = kNow + std::chrono::minutes(6);
    CHECK(server.check(value, "CONNECT", "a:1", later) == ProxyAuthentication::Verdict::stale);
    const ProxyAuthentication another({"me", "pa:ss"}, "another secret");
    CHECK(another.check(value, "CONNECT", "a:1", kNow) == ProxyAuthentication::Verdict::stale);
    const ProxyAuthentication changed({"me", "other"}, "secret");
    CHECK(changed.check(value, "CONNECT", "a:1", kNow) == ProxyAuthentication::Verdict::refused);
  }
}

TEST_CASE("bodies end where everybody says so") {
  const auto end_of = [](std::string_view fields, std::string_view bytes, std::size_t pieces) {
    const std::string head = "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n";
    auto end = HttpBodyEnd::of_response(*parse_http_response_head(head), "GET");
    REQUIRE(end);
    std::size_t taken = 0;
    while (taken < bytes.size() && !end->is_over()) {
      const auto some = end->take(bytes.substr(taken, pieces));
      if (!some) return std::string_view::npos;
      taken += *some;
    }
    return end->is_over() ? taken : std::string_view::npos - 1;
  };
  for (const std::size_t pieces : {std::size_t{1}, std::size_t{2}, std::size_t{99}}) {
    CHECK(end_of("Content-Length: 3\r\n", "abcdef", pieces) == 3);
    CHECK(end_of("Content-Length: 0\r\n", "abcdef", pieces) == 0);
    CHECK(end_of("Transfer-Encoding: chunked\r\n", "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\nnext",
                 pieces) == 38);
    CHECK(end_of("Transfer-Encoding: chunked\r\n", "3\nabc", pieces) == std::string_view::npos);
    CHECK(end_of("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n", pieces) == std::string_view::npos);
    CHECK(end_of("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n", pieces) == std::string_view::npos);
    CHECK(end_of("", "abc", pieces) == std::string_view::npos - 1);
  }
  for (const std::string_view fields : {"Content-Length: 1\r\nContent-Length: 2\r\n", "Transfer-Encoding: gzip\r\n",
                                        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"}) {
    const std::string head = "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n";
    CHECK_FALSE(HttpBodyEnd::of_response(*parse_http_response_head(head), "GET"));
  }
}

TEST_CASE("where a proxy's clients may go") {
  const auto open = *ProxyTargets::load({});
  const Address near = client_at("127.0.0.1");
  const Address far = client_at("192.0.2.1");
  for (const auto* never : {"0.0.0.0", "::", "169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "255.255.255.255",
                            "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "0.1.2.3"}) {
    INFO(never);
    CHECK_FALSE(open.permits(*parse_ip_address(never), near));
  }
  for (const auto* local : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    INFO(local);
    CHECK(open.permits(*parse_ip_address(local), near));
    CHECK_FALSE(open.permits(*parse_ip_address(local), far));
  }
  CHECK(open.permits(*parse_ip_address("10.0.0.1"), far));
  const auto some = *ProxyTargets::load({{"127.0.0.0/8", "10.0.0.0/8"}, {"10.1.0.0/16"}});
  CHECK(some.permits(*parse_ip_address("127.0.0.1"), far));
  CHECK(some.permits(*parse_ip_address("10.2.0.1"), far));
  CHECK_FALSE(some.permits(*parse_ip_address("10.1.0.1"), far));
  CHECK_FALSE(some.permits(*parse_ip_address("::ffff:10.1.0.1"), far));
  CHECK_FALSE(some.permits(*parse_ip_address("192.0.2.1"), far));
}
