// SPDX-License-Identifier: MIT
// The words of TLS, and two transports that talk to each other over a socket pair.
#include "libtcp/stream/tls.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "libtcp/stream/tls_error.hpp"
#include "libtcp/stream/tls_words.hpp"
#include "tests/unit/stream_support.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace tcp::stream::test;

namespace {

const std::string kHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string kBase64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

bool is_refused(std::string_view pin) {
  const auto parsed = parse_tls_pin(pin);
  return !parsed && parsed.error().is(Errc::invalid_input);
}

// Both ends of a connection, and the certificate that was made for it.
class TlsPair {
 public:
  explicit TlsPair(const Clock& clock, TlsClientOptions client_options = {}) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
    client_socket = UniqueFd(ends[0]);
    server_socket = UniqueFd(ends[1]);
    auto server_context = make_tls_server({}, clock);
    REQUIRE(server_context);
    pin = (*server_context)->own_certificate()->pin;
    if (client_options.pins.empty() && !client_options.insecure) client_options.pins = {*parse_tls_pin(pin)};
    auto client_context = make_tls_client(client_options, "localhost", clock);
    REQUIRE(client_context);
    client = *std::move((*client_context)->make_transport(make_accepted_transport(ends[0]), ends[0]));
    server = *std::move((*server_context)->make_transport(make_accepted_transport(ends[1]), ends[1]));
  }

  // Until both are done or one of them has failed; whoever fails is the result.
  Attempt prepare() {
    for (int turns = 0; turns < 100; ++turns) {
      const Attempt ours = client->prepare();
      if (ours.error) return ours;
      const Attempt theirs = server->prepare();
      if (theirs.error) return theirs;
      if (ours.want == Want::nothing && theirs.want == Want::nothing) return {};
    }
    return {0, Want::readable, {}};
  }

  UniqueFd client_socket;
  UniqueFd server_socket;
  std::string pin;
  std::unique_ptr<TlsTransport> client;
  std::unique_ptr<TlsTransport> server;
};

std::string receive_some(Transport& transport, std::size_t size = 1 << 17) {
  std::vector<std::byte> buffer(size);
  const Attempt got = transport.receive(buffer);
  CHECK_FALSE(got.error);
  return {reinterpret_cast<const char*>(buffer.data()), got.bytes};
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("a pin in each of its forms is the same") {
  const auto hex = parse_tls_pin("sha256:" + kHex);
  REQUIRE(hex);
  CHECK((*hex)[31] == 31);
  CHECK(parse_tls_pin("sha256//" + kBase64) == *hex);
  CHECK(pin_to_string(*hex) == "sha256:" + kHex);
  std::string colons;
  for (std::size_t i = 0; i < kHex.size(); i += 2) colons += (i > 0 ? ":" : "") + kHex.substr(i, 2);
  CHECK(parse_tls_pin("sha256:" + colons) == *hex);
  CHECK(parse_tls_pin("sha256:" + std::string(62, '0') + "fF").value()[31] == 0xff);
}

TEST_CASE("what is no pin") {
  CHECK(is_refused(""));
  CHECK(is_refused(kHex));
  CHECK(is_refused("sha256:"));
  CHECK(is_refused("sha256:" + kHex.substr(1)));
  CHECK(is_refused("sha256:" + kHex + "0"));
  CHECK(is_refused("sha256::" + kHex));
  CHECK(is_refused("sha256:g" + kHex.substr(1)));
  CHECK(is_refused("sha256:" + kHex + ":"));
  CHECK(is_refused("sha1:" + kHex));
  CHECK(is_refused("sha256//" + kBase64.substr(0, 43)));
  CHECK(is_refused("sha256//" + kBase64.substr(0, 43) + "A"));
  CHECK(is_refused("sha256//" + kBase64.substr(0, 42) + "9="));  // bits beyond the last byte
  CHECK(is_refused("sha256//" + kBase64.substr(0, 42) + "-="));
}

TEST_CASE("versions and protocols") {
  CHECK(parse_tls_version("1.0") == TlsVersion::tls1_0);
  CHECK(parse_tls_version("1.3") == TlsVersion::tls1_3);
  CHECK_FALSE(parse_tls_version("1.4"));
  CHECK_FALSE(parse_tls_version("tls1.2"));
  CHECK_FALSE(parse_tls_version(""));
  CHECK(parse_alpn("h2,http/1.1") == std::vector<std::string>{"h2", "http/1.1"});
  CHECK_FALSE(parse_alpn(""));
  CHECK_FALSE(parse_alpn("h2,"));
  CHECK_FALSE(parse_alpn(std::string(256, 'x')));
  CHECK(alpn_to_wire({"h2", "x"}) == std::string("\2h2\1x"));
  CHECK(alpn_to_wire({std::string(255, 'x')}).front() == '\xff');
}

TEST_CASE("an alert has its name") {
  CHECK(alert_code(48).message() == "the peer gave up with a TLS alert: unknown CA");
  CHECK(alert_code(255).message() == "the peer gave up with a TLS alert: unknown alert");
  CHECK(std::error_code(TlsErrc::truncated) != std::error_code(TlsErrc::broken));
}

TEST_CASE("bytes both ways, an end each way, and what is known of it" * doctest::skip(!has_tls())) {
  const SystemClock clock;
  TlsPair pair(clock);
  const Attempt prepared = pair.prepare();
  REQUIRE_FALSE(prepared.error);
  REQUIRE(prepared.want == Want::nothing);
  const TlsSession session = pair.client->session();
  CHECK(session.version == "TLSv1.3");
  CHECK(session.verified == TlsVerified::pin);
  REQUIRE(session.peer_chain.size() == 1);
  CHECK("sha256:" + session.peer_chain[0].sha256 == pair.pin);
  CHECK(session.peer_chain[0].days_left == 29);
  CHECK(pair.server->session().verified == TlsVerified::none);

  CHECK_FALSE(pair.client->is_plain());
  CHECK(pair.client->send(bytes_of("question")).bytes == 8);
  CHECK(receive_some(*pair.server) == "question");
  CHECK_FALSE(pair.client->finish_sending().error);
  CHECK(receive_some(*pair.server).empty());
  CHECK(pair.server->send(bytes_of("answer")).bytes == 6);  // our half is closed, theirs is not
  CHECK(receive_some(*pair.client) == "answer");
  CHECK_FALSE(pair.server->finish_sending().error);
  CHECK(receive_some(*pair.client).empty());
  CHECK_FALSE(pair.client->delivery({}));
}

TEST_CASE("one receive takes several records" * doctest::skip(!has_tls())) {
  const SystemClock clock;
  TlsPair pair(clock);
  REQUIRE_FALSE(pair.prepare().error);
  const std::string payload = pattern(60000);  // four records
  REQUIRE(pair.client->send(bytes_of(payload)).bytes == payload.size());
  CHECK(receive_some(*pair.server) == payload);
  REQUIRE(pair.client->send(bytes_of(payload)).bytes == payload.size());
  CHECK(receive_some(*pair.server, 100) == payload.substr(0, 100));
  CHECK(pair.server->has_buffered());
}

TEST_CASE("a send that is blocked counts its bytes once they have left" * doctest::skip(!has_tls())) {
  const SystemClock clock;
  TlsPair pair(clock);
  REQUIRE_FALSE(pair.prepare().error);
  const std::string payload = pattern(1 << 20);
  std::span<const std::byte> rest = bytes_of(payload);
  std::string there;
  bool was_blocked = false;
  while (!rest.empty()) {
    const std::string copy(reinterpret_cast<const char*>(rest.data()), rest.size());  // the buffer may move
    const Attempt sent = pair.client->send(bytes_of(copy));
    REQUIRE_FALSE(sent.error);
    was_blocked = was_blocked || sent.want == Want::writable;
    if (sent.want == Want::nothing) rest = rest.subspan(sent.bytes);
    there += receive_some(*pair.server);
  }
  CHECK(was_blocked);
  while (there.size() < payload.size()) there += receive_some(*pair.server);
  CHECK(there == payload);
}

TEST_CASE("a FIN without close_notify is an error after the bytes, and stays one" * doctest::skip(!has_tls())) {
  const SystemClock clock;
  TlsPair pair(clock);
  REQUIRE_FALSE(pair.prepare().error);
  CHECK(pair.server->send(bytes_of("half")).bytes == 4);
  ::shutdown(pair.server_socket.get(), SHUT_WR);
  CHECK(receive_some(*pair.client) == "half");
  std::array<std::byte, 16> buffer{};
  CHECK(pair.client->receive(buffer).error == TlsErrc::truncated);
  CHECK(pair.client->receive(buffer).error == TlsErrc::truncated);
}

TEST_CASE("a peer that is not who it should be" * doctest::skip(!has_tls())) {
  const SystemClock clock;
  TlsClientOptions options;
  options.pins = {Sha256{}};
  TlsPair pair(clock, options);
  const Attempt prepared = pair.prepare();
  CHECK(prepared.error);
  const Error why = pair.client->failure(prepared.error);
  CHECK(why.message().find("pin is another one: " + pair.pin) != std::string::npos);
}

TEST_CASE("a peer that speaks something else is known by its first byte" * doctest::skip(!has_tls())) {
  const SystemClock clock;
  TlsPair pair(clock);
  REQUIRE(::send(pair.server_socket.get(), "+", 1, 0) == 1);
  const Attempt prepared = pair.client->prepare();
  CHECK(prepared.error == TlsErrc::handshake);
  CHECK(pair.client->failure(prepared.error).detail == "the peer does not speak TLS");
  TlsPair other(clock);
  REQUIRE(::send(other.client_socket.get(), "GET / HTTP/1.0", 14, 0) == 14);
  CHECK(other.server->failure(other.server->prepare().error).detail == "not TLS: the client speaks plain HTTP");
}

TEST_CASE("days are counted by the clock that was handed in" * doctest::skip(!has_tls())) {
  ManualClock clock;
  clock.set(MonotonicTime(std::chrono::days(20000)));
  TlsPair pair(clock);
  REQUIRE_FALSE(pair.prepare().error);
  clock.advance(std::chrono::days(10));
  CHECK(pair.client->session().peer_chain[0].days_left == 19);
}
