// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "libtcp/ports/common.hpp"
#include "libtcp/ports/service_pattern.hpp"

using namespace tcp::ports;

TEST_CASE("patterns match as one expects") {
  CHECK(matches_pattern("http*", "http"));
  CHECK(matches_pattern("HTTP*", "https"));
  CHECK(matches_pattern("*sql*", "ms-sql-s"));
  CHECK(matches_pattern("?map", "imap"));
  CHECK(matches_pattern("*", ""));
  CHECK(matches_pattern("a*b*c", "a-b-b-c"));
  CHECK_FALSE(matches_pattern("http*", "xhttp"));
  CHECK_FALSE(matches_pattern("?map", "map"));
  CHECK_FALSE(matches_pattern("a*b", "abc"));
  CHECK_FALSE(matches_pattern("", "x"));
  // Many stars on a name that never fits: linear for each star.
  CHECK_FALSE(matches_pattern("*a*a*a*a*a*a*a*a*b", std::string(60, 'a')));
}

TEST_CASE("a pattern is all services that match, a name is one") {
  const auto http = find_services("http*", Protocol::tcp);
  REQUIRE(http);
  for (const std::uint16_t port : std::vector<std::uint16_t>{80, 443, 8080}) CHECK_MESSAGE(http->contains(port), port);
  CHECK_FALSE(http->contains(22));
  CHECK_FALSE(http->contains(0));
  CHECK(find_services("ssh", Protocol::tcp)->count() == 1);
  CHECK(find_services("sql*net", Protocol::tcp)->count() == 1);
  CHECK(find_services("zzz*", Protocol::tcp).error().message() ==
        "service 'zzz*': no service with a tcp port is called that");
}

TEST_CASE("the list of ranked ports goes on behind the default, each port once") {
  const auto ranked = ranked_scan_ports();
  const auto usual = default_scan_ports();
  CHECK(ranked.size() >= 1000);
  CHECK(std::ranges::equal(ranked.first(usual.size()), usual));
  const std::set<std::uint16_t> distinct(ranked.begin(), ranked.end());
  CHECK(distinct.size() == ranked.size());
  CHECK_FALSE(distinct.contains(0));
}
