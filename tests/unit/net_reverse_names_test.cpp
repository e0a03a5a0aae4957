// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/net/reverse_names.hpp"

using namespace tcp;
using namespace std::chrono_literals;

TEST_CASE("a name of the hosts file is found, and an address is asked for once") {
  const IpAddress loopback = IpAddress::loopback(Family::v4);
  net::ReverseNames names;
  names.ask({loopback});
  names.ask({loopback, loopback});
  names.await(30s);
  const auto found = names.names();
  REQUIRE(found.contains(loopback));
  CHECK(!found.at(loopback).empty());
}

TEST_CASE("without questions there is nothing to wait for") {
  net::ReverseNames names;
  names.await(30s);
  CHECK(names.names().empty());
}
