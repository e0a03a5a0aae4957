// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/ports/services_file.hpp"

using namespace tcp::ports;

TEST_CASE("services, aliases and comments") {
  const auto services = parse_services("# comment\nhttp\t80/tcp  www web # World Wide Web\nntp 123/udp\n");
  REQUIRE(services.size() == 2);
  CHECK(services[0].name == "http");
  CHECK(services[0].port == 80);
  CHECK(services[0].protocol == Protocol::tcp);
  CHECK(services[0].aliases == std::vector<std::string>{"www", "web"});
  CHECK(services[0].is_called("WWW"));
  CHECK_FALSE(services[0].is_called("ntp"));
  CHECK(services[1].protocol == Protocol::udp);
}

TEST_CASE("hostile lines are passed over, and the good ones behind them survive") {
  const std::string text = std::string("a\nb 80\nc /tcp\nd 99999/tcp\ne -1/tcp\nf 80/xtp\n g\x1b[2J 80/tcp\n") +
                           std::string("h\0i 80/tcp\n", 11) + std::string(100000, 'x') + " 80/tcp\n" + "k 80/tcp\r\n" +
                           "last 81/tcp";
  const auto services = parse_services(text);
  REQUIRE(services.size() == 2);
  CHECK(services[0].name == "k");
  CHECK(services[1].name == "last");
}

TEST_CASE("a flood of lines and aliases is bounded") {
  std::string text;
  for (int i = 0; i < 150'000; ++i) text += "\n";
  CHECK(parse_services(text + "late 80/tcp\n").empty());
  std::string line = "name 80/tcp";
  for (int i = 0; i < 1000; ++i) line += " a" + std::to_string(i);
  CHECK(parse_services(line).at(0).aliases.size() == 16);
}

TEST_CASE("a missing file has no services, a directory is an error") {
  const auto missing = read_services("/nonexistent/services");
  REQUIRE(missing);
  CHECK(missing->empty());
  CHECK_FALSE(read_services("/"));
}
