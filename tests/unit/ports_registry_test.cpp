// SPDX-License-Identifier: MIT
// The oddities of IANA's registry, each of which a careless reader loses.
#include <doctest/doctest.h>

#include <algorithm>

#include "libtcp/ports/ranges.hpp"
#include "libtcp/ports/registry.hpp"

using namespace tcp::ports;

using Ports = std::vector<std::uint16_t>;

namespace {

std::vector<std::string> names(const std::vector<Assignment>& assignments) {
  std::vector<std::string> result;
  for (const Assignment& assignment : assignments) result.emplace_back(assignment.name);
  return result;
}

std::vector<std::string> tcp_names(std::uint16_t port) { return names(find_by_port(port, Protocol::tcp)); }

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("the registry is whole and dated") {
  CHECK(record_count() == 14499);
  CHECK(registry_date() == "2026-02-13");
}

TEST_CASE("a port has all of its names, IANA's first one first") {
  CHECK(tcp_names(80) == Names{"http", "www", "www-http"});
  CHECK(tcp_names(465) == Names{"urd", "submissions"});
  CHECK(tcp_names(443) == Names{"https"});
}

TEST_CASE("a name has all of its ports") {
  const auto set = find_service_ports("http-alt", Protocol::tcp);
  REQUIRE(set);
  CHECK(to_string(*set) == "591,8008,8080");
  CHECK(find_by_name("HTTP-Alt").size() == 6);
}

TEST_CASE("every port of a named range has the name") {
  for (const std::uint16_t port : Ports{6000, 6001, 6063}) CHECK(tcp_names(port) == Names{"x11"});
  CHECK(tcp_names(6064) != Names{"x11"});
  for (const std::uint16_t port : Ports{6665, 6669}) CHECK(tcp_names(port) == Names{"ircu"});
}

TEST_CASE("a range without a protocol is tcp and udp, and nothing else") {
  for (const auto& [port, name] : std::vector<std::pair<std::uint16_t, std::string>>{{3322, "active-net"},
                                                                                     {3371, "satvid-datalnk"},
                                                                                     {4250, "vrml-multi-use"},
                                                                                     {7359, "swx"},
                                                                                     {27009, "flex-lm"}}) {
    CHECK(tcp_names(port) == Names{name});
    CHECK(names(find_by_port(port, Protocol::udp)) == Names{name});
    CHECK(find_by_port(port, Protocol::sctp).empty());
  }
}

TEST_CASE("the last user port is reserved, and dynamic ports are on no record") {
  const auto last = find_by_port(49151, Protocol::tcp);
  REQUIRE(last.size() == 1);
  CHECK(last[0].status() == AssignmentStatus::reserved);
  CHECK(last[0].name.empty());
  CHECK(find_by_port(49152).empty());
  CHECK(find_by_port(65535).empty());
}

TEST_CASE("reserved, unassigned and private ports are told apart") {
  CHECK(find_by_port(0, Protocol::tcp).at(0).status() == AssignmentStatus::reserved);
  CHECK(find_by_port(4, Protocol::tcp).at(0).status() == AssignmentStatus::unassigned);
  CHECK(find_by_port(114, Protocol::tcp).at(0).status() == AssignmentStatus::unassigned);
  CHECK(find_by_port(585, Protocol::tcp).at(0).note == "Use of 585 is not recommended, use 993 instead");
  CHECK(find_by_port(57, Protocol::tcp).at(0).status() == AssignmentStatus::assigned);  // any private terminal access
}

TEST_CASE("a name can be registered without a port") {
  const auto swyp = find_by_name("swyp");
  REQUIRE(swyp.size() == 1);
  CHECK_FALSE(swyp[0].ports);
  CHECK(swyp[0].description ==
        "Framework for transferring any file from any app, to any app on any device: simply with a swÿp.");
  const auto ping = find_by_name("dccp-ping");
  REQUIRE(ping.size() == 1);
  CHECK(ping[0].protocol == Protocol::dccp);
  CHECK_FALSE(ping[0].ports);
  CHECK(find_service_ports("swyp", Protocol::tcp).error().message() == "service 'swyp': has no tcp port");
}

TEST_CASE("text that is not ASCII, and text of several lines, arrive whole") {
  CHECK(find_by_port(4413, Protocol::tcp).at(0).description == "FORTÉ Vision Monitoring platform");
  CHECK(find_by_name("sql*net").at(0).note.starts_with(
      "This entry is an alias to \"sql-net\". This entry is now historic, not usable for use with many common"));
}

TEST_CASE("historic spellings are found and known as aliases") {
  for (const std::string name : {"sql*net", "whois++", "cl/1", "z39.50", "914c/g", "EtherNet/IP-1"}) {
    const auto found = find_by_name(name);
    REQUIRE_MESSAGE(!found.empty(), name);
    CHECK_MESSAGE(found[0].is_alias(), name);
  }
  CHECK_FALSE(find_by_name("http").at(0).is_alias());
  CHECK(service_name(66, Protocol::tcp) == "sql-net");
}

TEST_CASE("unauthorized use is kept") {
  CHECK(find_by_port(5151, Protocol::tcp).at(0).unauthorized_use == "Unauthorized Use Known on ports 5151 and 5152");
  CHECK(find_by_port(443, Protocol::tcp).at(0).unauthorized_use.empty());
}

TEST_CASE("one word for a port prefers the usual name") {
  CHECK(service_name(465, Protocol::tcp) == "submissions");
  CHECK(service_name(3389, Protocol::tcp) == "rdp");
  CHECK(service_name(6443, Protocol::tcp) == "kubernetes-api");
  CHECK(service_name(514, Protocol::udp) == "syslog");
  CHECK(service_name(514, Protocol::tcp) == "shell");
  CHECK(service_name(60000, Protocol::tcp).empty());
}

TEST_CASE("the ranges are RFC 6335's, and 49151 is a user port") {
  CHECK(range_of(0).name == "system");
  CHECK(range_of(1023).alias == "well-known");
  CHECK(range_of(1024).name == "user");
  CHECK(range_of(49151).alias == "registered");
  CHECK(range_of(49152).name == "dynamic");
  CHECK(range_of(65535).alias == "private");
  CHECK(find_range("Well-Known") == &kRangeInfos[0]);
  CHECK(find_range("private") == &kRangeInfos[2]);
  CHECK(find_range("ephemeral") == &kRangeInfos[2]);
  CHECK(find_range("other") == nullptr);
}
