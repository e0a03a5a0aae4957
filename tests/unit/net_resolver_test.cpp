// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/net/resolver.hpp"

using namespace tcp;
using namespace tcp::net;

namespace {

std::string first_of(const std::string& host, const ResolveOptions& options = {}) {
  const auto addresses = resolve(host, options);
  return addresses ? to_string(addresses->front()) : addresses.error().message();
}

}  // namespace

TEST_CASE("an address is itself") {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "fe80::1%lo", "::1"}) {
    CHECK(first_of(text) == text);
    CHECK(resolve(text, {.numeric_only = true}).value().size() == 1);
  }
  CHECK(first_of("::ffff:192.0.2.1") == "192.0.2.1");
}

TEST_CASE("an address of the other family is not wanted") {
  CHECK(first_of("::1", {.family = Family::v4}) == "address ::1: only IPv4 is wanted");
  CHECK(first_of("127.0.0.1", {.family = Family::v6}) == "address 127.0.0.1: only IPv6 is wanted");
  CHECK(first_of("::ffff:127.0.0.1", {.family = Family::v4}) == "127.0.0.1");
}

TEST_CASE("what only looks like an address is never asked of a resolver") {
  for (const char* text : {"127.1", "010.0.0.1", "2130706433", "0x7f000001", "1.2.3.4.5", "256.1.1.1", "1.2.3.4.",
                           "::g", "fe80::1%no-such-if", "example.0x10"}) {
    CAPTURE(text);
    const auto result = resolve(text);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().is(Errc::invalid_input));
  }
}

TEST_CASE("what cannot be a name is a usage error") {
  CHECK(first_of("") == "host name: is empty");
  for (const auto& host : {std::string("a b"), std::string("a\nb"), std::string("a\0b", 3), std::string("a\x7f")}) {
    REQUIRE_FALSE(resolve(host).has_value());
    CHECK(resolve(host).error().is(Errc::invalid_input));
  }
  CHECK(first_of("localhost", {.numeric_only = true}) == "host 'localhost': only numeric addresses are wanted");
}

TEST_CASE("localhost is a loopback address, each once") {
  const auto addresses = resolve("localhost").value();
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    CHECK(addresses[i].is_loopback());
    for (std::size_t j = 0; j < i; ++j) CHECK(addresses[i] != addresses[j]);
  }
  CHECK(first_of("localhost", {.family = Family::v4}) == "127.0.0.1");
}

TEST_CASE("a label that is too long fails in the resolver's words, without the network") {
  const std::string host(64, 'a');
  const auto result = resolve(host + ".invalid");
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().is(Errc::resolve_failed));
  CHECK(result.error().message().starts_with("resolve " + host + ".invalid: name does not resolve ("));
}
