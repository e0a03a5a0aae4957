// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "libtcp/ports/describe.hpp"

using namespace tcp::ports;

namespace {

constexpr Protocol kTcp[] = {Protocol::tcp};

std::string outline(const std::vector<PortDescription>& all) {
  std::string text;
  for (const PortDescription& d : all) {
    text += (text.empty() ? "" : " ") + to_string(d.ports) + "/";
    text += d.protocol ? std::string(to_string(*d.protocol)) : "any";
    text += "=" + std::string(d.name().empty() ? to_string(d.status()) : d.name());
  }
  return text;
}

std::string outline(PortRange range, std::span<const Protocol> protocols = kTcp, const LocalServices& local = {},
                    const std::set<std::uint16_t>& cuts = {}) {
  return outline(describe(PortSet(range), protocols, local, cuts));
}

}  // namespace

TEST_CASE("ports with the same answer become one stretch") {
  CHECK(outline({6000, 6064}) == "6000/tcp=x11 6001-6063/tcp=x11 6064/tcp=ndl-ahp-svc");
  CHECK(outline({49150, 49153}) == "49150/tcp=inspider 49151/tcp=reserved 49152-49153/tcp=unassigned");
  CHECK(outline({4, 8}) == "4/tcp=unassigned 5/tcp=rje 6/tcp=unassigned 7/tcp=echo 8/tcp=unassigned");
}

TEST_CASE("a stretch ends where something else begins") {
  CHECK(outline({60000, 60010}, kTcp, {}, {60003, 60004}) ==
        "60000-60002/tcp=unassigned 60003/tcp=unassigned 60004-60010/tcp=unassigned");
}

TEST_CASE("several protocols share what none of them answers") {
  CHECK(outline({512, 514}, kProtocols) ==
        "512/tcp=exec 512/udp=comsat 513/tcp=login 513/udp=who 514/tcp=shell 514/udp=syslog");
  CHECK(outline({65000, 65009}, kProtocols) == "65000-65009/any=unassigned");
}

TEST_CASE("this host's names are used where there is no other") {
  const LocalServices local({{"mine", 60001, Protocol::tcp, {"alias"}}, {"web", 80, Protocol::tcp, {}}});
  CHECK(outline({60000, 60002}, kTcp, local) == "60000/tcp=unassigned 60001/tcp=mine 60002/tcp=unassigned");
  CHECK(outline({80, 80}, kTcp, local) == "80/tcp=http");
  CHECK(to_string(local.ports_called("ALIAS", Protocol::tcp)) == "60001");
  CHECK(local.ports_called("alias", Protocol::udp).empty());
}

TEST_CASE("the whole number space is covered, each port once") {
  std::uint32_t next = 0;
  for (const PortDescription& d : describe(PortSet({0, 65535}), kTcp, {}, {})) {
    CHECK(d.ports.first == next);
    next = d.ports.last + 1U;
  }
  CHECK(next == 65536);
}

TEST_CASE("an unassigned port with a warning has something to say") {
  CHECK(describe(585, Protocol::tcp, {}).has_something_to_say());
  CHECK_FALSE(describe(4, Protocol::tcp, {}).has_something_to_say());
}
