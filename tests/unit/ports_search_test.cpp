// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "libtcp/ports/search.hpp"

using namespace tcp::ports;

TEST_CASE("an exact name comes before a prefix, a word and a part") {
  const auto matches = search("http");
  REQUIRE(matches.size() > 50);
  CHECK(matches.front().name == "http");
  CHECK(std::ranges::is_sorted(matches, {}, &Match::rank));
  CHECK(std::ranges::any_of(matches, [](const Match& m) { return m.name == "gss-http"; }));
}

TEST_CASE("descriptions and usual names are searched, any case") {
  const auto has = [](std::string_view text, std::string_view name) {
    return std::ranges::any_of(search(text), [&](const Match& m) { return m.name == name; });
  };
  CHECK(has("mail", "smtp"));
  CHECK(has("MAIL", "imap"));
  CHECK(has("kubernetes", "kubernetes-api"));
  CHECK(has("kubelet", "kubelet"));  // registered for nothing
  CHECK(has("wireguard", "wireguard"));
  CHECK(has("swyp", "swyp"));  // registered without a port
  CHECK(has("secure shell", "ssh"));
  CHECK(has("FORTÉ", "vision-mon"));
}

TEST_CASE("every word must be found") {
  CHECK(search("secure nonsuchword").empty());
  CHECK_FALSE(search("network time").empty());
  CHECK(search("xyzzyplugh").empty());
}

TEST_CASE("near names: the best known first, none when nothing is near") {
  using Names = std::vector<std::string_view>;
  CHECK(find_near_names("htpps", 1) == Names{"https"});
  CHECK(find_near_names("telnte", 1) == Names{"telnet"});
  CHECK(find_near_names("postgres", 1) == Names{"postgresql"});
  CHECK(find_near_names("rpd", 1) == Names{"rdp"});
  CHECK(find_near_names("qqqqqqqqqqqqqqqq").empty());
  CHECK(find_near_names("").empty());
  CHECK(find_near_names(std::string(5000, 'a')).empty());
}
