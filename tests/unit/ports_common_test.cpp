// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "libtcp/ports/common.hpp"
#include "libtcp/ports/registry.hpp"

using namespace tcp::ports;

using Ports = std::vector<std::uint16_t>;

TEST_CASE("the ports every administrator should recognise are in the table") {
  for (const std::uint16_t port :
       Ports{20,  21,  22,  23,   25,   53,   80,   110,  143,  161,  179,  389,  443,  445,  465,  587,   636,
             853, 993, 995, 1433, 1434, 3306, 3389, 5432, 5900, 6379, 6443, 8080, 8443, 9090, 9200, 11211, 27017}) {
    CHECK_MESSAGE(find_common_port(port, Protocol::tcp) != nullptr, port);
  }
  CHECK(find_common_port(123, Protocol::udp) != nullptr);
  CHECK(find_common_port(60001, Protocol::tcp) == nullptr);
}

TEST_CASE("the table is sorted, and has one entry for a port") {
  const auto key = [](const CommonPort& common) { return std::tuple(common.port, common.protocol); };
  const auto table = common_ports();
  CHECK(std::ranges::is_sorted(table, {}, key));
  CHECK(std::ranges::adjacent_find(table, {}, key) == table.end());
  for (const CommonPort& common : table) {
    CHECK_MESSAGE(!common.use.empty(), common.port);
    CHECK_MESSAGE(!common.name.empty(), common.port);
  }
}

TEST_CASE("cleartext names its replacement") {
  const auto replacement = [](std::uint16_t port) { return find_common_port(port, Protocol::tcp)->replacement; };
  CHECK(replacement(21) == "990 (ftps) or 22 (sftp over ssh)");
  CHECK(replacement(23) == "22 (ssh)");
  CHECK(replacement(80) == "443 (https)");
  CHECK(replacement(110) == "995 (pop3s)");
  CHECK(replacement(143) == "993 (imaps)");
  CHECK(replacement(389) == "636 (ldaps)");
  CHECK(find_common_port(443, Protocol::tcp)->on_wire == Confidentiality::encrypted);
}

TEST_CASE("what is used differently says so, and only that") {
  for (const std::uint16_t port : Ports{6443, 8443, 9090, 9200, 3000, 1521, 10250}) {
    CHECK_MESSAGE(find_common_port(port, Protocol::tcp)->differs, port);
  }
  for (const std::uint16_t port : Ports{22, 80, 443, 445, 3389, 5900, 11211}) {
    CHECK_FALSE_MESSAGE(find_common_port(port, Protocol::tcp)->differs, port);
  }
  // A use that the registry knows nothing of cannot be the registered one.
  for (const CommonPort& common : common_ports()) {
    const auto records = find_by_port(common.port, common.protocol);
    const bool registered = std::ranges::any_of(records, [](const Assignment& a) { return !a.name.empty(); });
    if (!registered && common.port != 994) CHECK_MESSAGE(common.differs, common.port);
  }
}

TEST_CASE("the default scan list names each port once, the most worthwhile first") {
  const auto list = default_scan_ports();
  const std::set<std::uint16_t> distinct(list.begin(), list.end());
  CHECK(distinct.size() == list.size());
  CHECK(list.size() >= 300);
  CHECK_FALSE(distinct.contains(0));
  const std::set<std::uint16_t> top(list.begin(), list.begin() + 100);
  for (const std::uint16_t port :
       Ports{22,   80,   443,  135,  139,  445,   3389,  5900,  161,   1433, 1521, 2049, 2375, 2376,
             2379, 2380, 6443, 9100, 9200, 10250, 11211, 11434, 27017, 3306, 5432, 6379, 8080}) {
    CHECK_MESSAGE(top.contains(port), port);
  }
}
