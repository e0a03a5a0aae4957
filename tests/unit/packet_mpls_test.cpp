// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/packet/mpls.hpp"

using namespace tcp::packet;
using Octets = std::vector<std::uint8_t>;

TEST_CASE("a label stack is read outermost first") {
  const Octets bytes{0, 12, 1, 1, 0x03, 0xe8, 0x10, 1, 0x00, 0x01, 0x8b, 0xff};
  const auto labels = parse_mpls_labels(bytes);
  REQUIRE(labels.size() == 2);
  CHECK(labels[0] == MplsLabel{16001, 0, false, 1});
  CHECK(labels[1] == MplsLabel{24, 5, true, 255});
}

TEST_CASE("objects of other classes are stepped over") {
  const Octets bytes{0, 8, 2, 0, 9, 9, 9, 9, 0, 8, 1, 2, 9, 9, 9, 9, 0, 8, 1, 1, 0, 0, 0x11, 7};
  const auto labels = parse_mpls_labels(bytes);
  REQUIRE(labels.size() == 1);
  CHECK(labels[0] == MplsLabel{1, 0, true, 7});
}

TEST_CASE("what is malformed ends the reading") {
  CHECK(parse_mpls_labels({}).empty());
  CHECK(parse_mpls_labels(Octets{0, 8, 1}).empty());
  CHECK(parse_mpls_labels(Octets{0, 3, 1, 1, 0, 0, 0x11, 7}).empty());   // shorter than its own header
  CHECK(parse_mpls_labels(Octets{0, 12, 1, 1, 0, 0, 0x11, 7}).empty());  // longer than the bytes
  CHECK(parse_mpls_labels(Octets{0, 7, 1, 1, 0, 0, 0x11}).empty());      // not a whole entry
}

TEST_CASE("a stack without end is cut") {
  Octets bytes{0xff, 0xfc, 1, 1};
  bytes.resize(0xfffc);
  CHECK(parse_mpls_labels(bytes).size() == kMostMplsLabels);
}
