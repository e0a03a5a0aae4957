// SPDX-License-Identifier: MIT
// What is said to proxies, byte by byte, and the words that name them.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "libtcp/stream/proxy_dialogue.hpp"
#include "libtcp/stream/proxy_environment.hpp"

using namespace tcp;
using namespace tcp::stream;

namespace {

using State = ProxyTurn::State;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

// One dialogue from its beginning; what is received comes in pieces of `at_a_time`.
class Talk {
 public:
  Talk(const std::string& url, const HostTarget& target, std::size_t at_a_time)
      : proxy_(*parse_proxy_url(url)), authorization_(proxy_.credentials, "0123456789abcdef"), at_a_time_(at_a_time) {
    renew(target);
  }
  // On a new connection, with what was learnt.
  void renew(const HostTarget& target) {
    dialogue_ = *make_proxy_dialogue(proxy_, target, authorization_);
    const auto begin = dialogue_->begin();
    REQUIRE(begin);
    said = *begin;
    last = {};
  }
  State receive(const std::string& text) {
    std::size_t at = 0;
    while (at < text.size() && last.state == State::more) {
      last = dialogue_->receive(std::string_view(text).substr(at, at_a_time_));
      at += std::min(at_a_time_, text.size() - at);
      said += last.output;
    }
    payload = last.payload + text.substr(at);
    return last.state;
  }
  [[nodiscard]] std::string error() const { return last.error.message(); }

  std::string said;
  std::string payload;
  ProxyTurn last;

 private:
  Proxy proxy_;
  ProxyAuthorization authorization_;
  std::size_t at_a_time_;
  std::unique_ptr<ProxyDialogue> dialogue_;
};

// Both ways that bytes can come.
template <class Check>
void in_any_pieces(const Check& check) {
  for (const std::size_t at_a_time : {std::size_t{1}, std::size_t{100'000}}) {
    CAPTURE(at_a_time);
    check(at_a_time);
  }
}

const HostTarget kName{"example.org", 80};
const HostTarget kV4{"192.0.2.1", 443};
const HostTarget kV6{"2001:db8::1", 443};

std::string why(const std::string& url) {
  const auto parsed = parse_proxy_url(url);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().is(Errc::invalid_input));
  return parsed.error().message();
}

bool holds(const std::string& text, std::string_view part) { return text.contains(part); }

}  // namespace

TEST_CASE("a proxy is named by a URL") {
  const auto full = parse_proxy_url("SOCKS5h://me:a%3Ab%40@[::1]:9050/");
  REQUIRE(full);
  CHECK(full->kind == ProxyKind::socks5h);
  CHECK(full->at == HostTarget{"::1", 9050});
  CHECK(full->credentials == ProxyCredentials{"me", "a:b@"});
  CHECK(to_string(*full) == "socks5h://[::1]:9050");
  CHECK(parse_proxy_url("http://proxy")->at.port == 80);
  CHECK(parse_proxy_url("https://proxy")->at.port == 443);
  CHECK(parse_proxy_url("socks4://proxy")->at.port == 1080);
  CHECK(parse_proxy_url("socks4a://me@proxy")->credentials == ProxyCredentials{"me", ""});
  CHECK(parse_proxy_url("http://me:p@ss@proxy:1")->credentials == ProxyCredentials{"me", "p@ss"});
}

TEST_CASE("a URL that is off is refused, and its password is not repeated") {
  CHECK(holds(why("proxy:1080"), "must begin with"));
  CHECK(holds(why("ftp://proxy:1"), "must begin with"));
  CHECK(holds(why("http://proxy:0"), "port"));
  CHECK(holds(why("http://proxy:65536"), "port"));
  CHECK(holds(why("http://"), "must be SCHEME"));
  CHECK(holds(why("http://me:%zz@proxy:1"), "%25"));
  CHECK(holds(why("http://me:%4"), "port"));
  CHECK(holds(why("http://:secret@proxy:1"), "the user is missing"));
  CHECK(holds(why("socks4://me:secret@proxy:1"), "no password"));
  CHECK(holds(why("http://me%3ayou:secret@proxy:1"), "no colon"));
  CHECK(holds(why("http://me%0d:secret@proxy:1"), "control"));
  CHECK(holds(why("socks5://" + std::string(256, 'u') + "@proxy:1"), "255"));
  for (const char* url :
       {"ftp://me:secret@proxy:1", "http://me:secret@:1", "http://me:sec/ret@proxy:x", "me:secret@proxy"}) {
    CHECK_FALSE(holds(why(url), "sec"));
  }
}

TEST_CASE("SOCKS4 sends an address, 4a a name, and both a user") {
  in_any_pieces([](std::size_t at_a_time) {
    Talk four("socks4://me@proxy:1", kV4, at_a_time);
    CHECK(four.said == bytes({4, 1, 1, 187, 192, 0, 2, 1, 'm', 'e', 0}));
    CHECK(four.receive(bytes({0, 90, 1, 2, 3, 4, 5})) == State::more);
    CHECK(four.receive(bytes({6}) + "payload") == State::open);
    CHECK(four.payload == "payload");
    Talk with_name("socks4a://proxy:1", kName, at_a_time);
    CHECK(with_name.said == bytes({4, 1, 0, 80, 0, 0, 0, 1, 0}) + "example.org" + '\0');
    CHECK(with_name.receive(bytes({0, 91})) == State::failed);
    CHECK(holds(with_name.error(), "rejected or failed (91)"));
    CHECK(with_name.last.error.is(std::errc::connection_refused));
  });
}

TEST_CASE("SOCKS4 says why it refuses, and is nothing else") {
  const auto answer = [](int first, int code) {
    Talk talk("socks4://proxy:1", kV4, 100);
    CHECK(talk.receive(bytes({first, code})) == State::failed);
    return talk.error();
  };
  CHECK(holds(answer(0, 92), "identd"));
  CHECK(holds(answer(0, 93), "another user"));
  CHECK(holds(answer(0, 94), "does not know: 94"));
  CHECK(holds(answer(5, 90), "not SOCKS4"));
  ProxyAuthorization nobody(std::nullopt, "");
  CHECK(make_proxy_dialogue(*parse_proxy_url("socks4a://p:1"), kV6, nobody).error().message().contains("no IPv6"));
}

TEST_CASE("SOCKS5 without credentials") {
  in_any_pieces([](std::size_t at_a_time) {
    Talk talk("socks5h://proxy:1", kName, at_a_time);
    CHECK(talk.said == bytes({5, 1, 0}));
    CHECK(talk.receive(bytes({5, 0})) == State::more);
    CHECK(talk.said == bytes({5, 1, 0, 5, 1, 0, 3, 11}) + "example.org" + bytes({0, 80}));
    CHECK(talk.receive(bytes({5, 0, 0, 3, 2, 'a', 'b', 1}) + bytes({2}) + "SSH-2.0") == State::open);
    CHECK(talk.payload == "SSH-2.0");
    Talk v6("socks5://proxy:1", kV6, at_a_time);
    CHECK(v6.receive(bytes({5, 0})) == State::more);
    CHECK(v6.said == bytes({5, 1, 0, 5, 1, 0, 4, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187}));
    CHECK(v6.receive(bytes({5, 0, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0})) == State::more);
    CHECK(v6.receive(bytes({0})) == State::open);
    CHECK(v6.payload.empty());
  });
}

TEST_CASE("SOCKS5 with user and password") {
  in_any_pieces([](std::size_t at_a_time) {
    Talk talk("socks5://me:secret@proxy:1", kV4, at_a_time);
    CHECK(talk.said == bytes({5, 2, 0, 2}));
    CHECK(talk.receive(bytes({5, 2})) == State::more);
    CHECK(talk.said == bytes({5, 2, 0, 2, 1, 2, 'm', 'e', 6}) + "secret");
    CHECK(talk.receive(bytes({1, 0})) == State::more);
    CHECK(talk.receive(bytes({5, 0, 0, 1, 1, 2, 3, 4, 5, 6, 'x'})) == State::open);
    CHECK(talk.payload == "x");
    Talk wrong("socks5://me:wrong@proxy:1", kV4, at_a_time);
    CHECK(wrong.receive(bytes({5, 2, 1, 1})) == State::failed);
    CHECK(holds(wrong.error(), "does not accept the user and password"));
  });
}

TEST_CASE("SOCKS5 says why it refuses, and is nothing else") {
  const auto answer = [](const std::string& url, const std::string& text) {
    Talk talk(url, kV4, 100);
    CHECK(talk.receive(text) == State::failed);
    return talk.error();
  };
  const std::vector<std::string> reasons{
      "general failure (1)",     "not allowed by its rules (2)", "network unreachable (3)",
      "host unreachable (4)",    "connection refused (5)",       "TTL expired (6)",
      "not support CONNECT (7)", "type of address (8)",          "does not know: 9"};
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    CHECK(holds(answer("socks5://p:1", bytes({5, 0, 5, static_cast<int>(i) + 1})), reasons[i]));
  }
  CHECK(holds(answer("socks5://p:1", bytes({5, 255})), "no credentials were given"));
  CHECK(holds(answer("socks5://me:x@p:1", bytes({5, 255})), "accepts no user and password"));
  CHECK(holds(answer("socks5://p:1", bytes({5, 2})), "was not offered: 2"));
  CHECK(holds(answer("socks5://p:1", "HTTP/1.1 400"), "not SOCKS5"));
  CHECK(holds(answer("socks5://me:x@p:1", bytes({5, 2, 5, 0})), "not that of SOCKS5"));
  CHECK(holds(answer("socks5://p:1", bytes({5, 0, 4, 0})), "not SOCKS5"));
  CHECK(holds(answer("socks5://p:1", bytes({5, 0, 5, 0, 0, 9, 9})), "address that SOCKS5 does not know: 9"));
}

TEST_CASE("a name goes to the proxy only when it is one everywhere") {
  ProxyAuthorization nobody(std::nullopt, "");
  for (const char* url : {"http://p:1", "socks5h://p:1", "socks4a://p:1"}) {
    const Proxy proxy = *parse_proxy_url(url);
    for (const std::string& name :
         {std::string("a\r\nb"), std::string("b\xc3\xbc"), std::string(256, 'a'), std::string("a b")}) {
      CHECK_FALSE(make_proxy_dialogue(proxy, {name, 80}, nobody));
    }
  }
}

TEST_CASE("HTTP: CONNECT, and what follows its answer is payload") {
  in_any_pieces([](std::size_t at_a_time) {
    Talk talk("http://me:secret@proxy:1", kV6, at_a_time);
    CHECK(talk.said == "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n\r\n");
    CHECK(talk.receive("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r") == State::more);
    CHECK(talk.receive("\nhello\r\n\r\n") == State::open);
    CHECK(talk.payload == "hello\r\n\r\n");
    Talk bare("http://proxy:1", kName, at_a_time);
    CHECK(bare.receive("HTTP/1.1 200\nA: b\n\nx") == State::open);
    CHECK(bare.payload == "x");
  });
}

TEST_CASE("HTTP says why it refuses, and is nothing else") {
  const auto answer = [](const std::string& text) {
    Talk talk("http://p:1", kName, 1000);
    CHECK(talk.receive(text) == State::failed);
    return talk.error();
  };
  CHECK(holds(answer("HTTP/1.1 403 Filtered\r\n\r\n"), "it answers 403 Filtered"));
  CHECK(holds(answer("HTTP/1.1 504 \r\n\r\n"), "it answers 504"));
  CHECK(holds(answer("HTTP/1.1 407 Who\r\n\r\n"), "no credentials were given"));
  CHECK(holds(answer("SSH-2.0-x"), "not HTTP/1"));
  CHECK(holds(answer("HTTP/2"), "not HTTP/1"));
  CHECK(holds(answer("HTTP/1.1 099 x\r\n\r\n"), "no status"));
  CHECK(holds(answer("HTTP/1.1 2000\r\n\r\n"), "no status"));
  CHECK(holds(answer("HTTP/1.1\r\n\r\n"), "no status"));
  CHECK(answer("HTTP/1.1 500 " + std::string(5000, 'x') + "\r\n\r\n").size() < 200);
}

TEST_CASE("HTTP: a header without end, and interim answers without end, are errors within bounds") {
  in_any_pieces([](std::size_t at_a_time) {
    Talk lines("http://p:1", kName, at_a_time);
    Talk one_line("http://p:1", kName, at_a_time);
    Talk interim("http://p:1", kName, at_a_time);
    CHECK(lines.receive("HTTP/1.1 200 OK\r\n") == State::more);
    CHECK(one_line.receive("HTTP/1.1 200 ") == State::more);
    for (int i = 0; i < 100; ++i) {
      if (lines.last.state == State::more) lines.receive("A: " + std::string(1000, 'b') + "\r\n");
      if (one_line.last.state == State::more) one_line.receive(std::string(1000, 'b'));
      for (int k = 0; k < 50 && interim.last.state == State::more; ++k) interim.receive("HTTP/1.1 102 wait\r\n\r\n");
    }
    for (const Talk* each : {&lines, &one_line, &interim}) {
      CHECK(each->last.state == State::failed);
      CHECK(holds(each->error(), "does not end within 64 KiB"));
    }
  });
}

TEST_CASE("HTTP: Basic after the proxy has asked for it, and once") {
  Talk talk("http://Aladdin:open%20sesame@proxy:1", kName, 1);
  const std::string asks = "HTTP/1.1 407 x\r\nproxy-AUTHENTICATE: Basic realm=\"a, b\"\r\n\r\n";
  CHECK(talk.receive(asks) == State::challenged);
  talk.renew(kName);
  CHECK(holds(talk.said, "\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
  CHECK(talk.receive(asks) == State::failed);
  CHECK(holds(talk.error(), "does not accept the user and password"));
}

TEST_CASE("challenges of one value and of several") {
  const auto list = parse_http_challenges(
      "Negotiate abc/d==, Digest realm=\"a \\\"b\\\", c\", nonce = n , qop=\"auth,auth-int\",  basic realm=x, New");
  REQUIRE(list.size() == 4);
  CHECK(list[0].scheme == "negotiate");
  CHECK(list[1].scheme == "digest");
  CHECK(list[1].parameter("realm") == "a \"b\", c");
  CHECK(list[1].parameter("nonce") == "n");
  CHECK(list[1].parameter("qop") == "auth,auth-int");
  CHECK(list[2].scheme == "basic");
  CHECK(list[3].scheme == "new");
  CHECK(parse_http_challenges("Digest realm=\"never ends").front().parameters.empty());
}

TEST_CASE("the environment names a proxy, and who does without") {
  std::map<std::string, std::string> set;
  const Environment environment = [&set](const char* name) -> const char* {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  };
  const auto chosen = [&](const HostTarget& target, bool uses_tls) {
    const auto proxy = proxy_of_environment(environment, target, uses_tls);
    REQUIRE(proxy);
    return *proxy ? to_string(**proxy) : "none";
  };
  CHECK(chosen(kName, false) == "none");
  set = {{"ALL_PROXY", "socks5h://upper:1"}, {"HTTPS_PROXY", "secure:2"}};
  CHECK(chosen(kName, false) == "socks5h://upper:1");
  CHECK(chosen(kName, true) == "http://secure:2");
  set["all_proxy"] = "socks4a://lower:3";
  set["https_proxy"] = "";
  CHECK(chosen(kName, false) == "socks4a://lower:3");
  set = {{"https_proxy", "http://only:4"}, {"NO_PROXY", "example.com"}};
  CHECK(chosen(kName, false) == "http://only:4");
  set["no_proxy"] = "EXAMPLE.org";
  CHECK(chosen(kName, false) == "none");
  set = {{"ALL_PROXY", "gopher://x"}};
  CHECK_FALSE(proxy_of_environment(environment, kName, false));
}

TEST_CASE("NO_PROXY: names with what is below, ports, addresses, prefixes") {
  CHECK(is_exempt("*", kName));
  CHECK(is_exempt("a.b, example.org", kName));
  CHECK(is_exempt(".org", kName));
  CHECK(is_exempt("*.org x", kName));
  CHECK(is_exempt("example.org:80", {"EXAMPLE.ORG.", 80}));
  CHECK_FALSE(is_exempt("example.org:81", kName));
  CHECK_FALSE(is_exempt("ample.org", kName));
  CHECK_FALSE(is_exempt("example.org.uk", kName));
  CHECK_FALSE(is_exempt("", kName));
  CHECK_FALSE(is_exempt(" , ", kName));
  CHECK(is_exempt("192.0.2.0/24", kV4));
  CHECK(is_exempt("192.0.2.1:443", kV4));
  CHECK_FALSE(is_exempt("2.1", kV4));
  CHECK(is_exempt("2001:db8::/32", kV6));
  CHECK(is_exempt("[2001:db8:0::1]:443", kV6));
  CHECK_FALSE(is_exempt("[2001:db8::1]:80", kV6));
}
