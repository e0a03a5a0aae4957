// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/packet/control_bit_names.hpp"
#include "libtcp/packet/tcp_header.hpp"

using namespace tcp::packet;

TEST_CASE("control bits have names, in any order and case") {
  CHECK(parse_control_bit_names("syn,ack") == (control::syn | control::ack));
  CHECK(parse_control_bit_names("URG,Fin,psh") == (control::fin | control::psh | control::urg));
  CHECK(parse_control_bit_names("none") == 0);
  for (const char* bad : {"", "syn,", ",syn", "syn,syn", "sin", "S", "syn ack", "none,syn"}) {
    CHECK_FALSE_MESSAGE(parse_control_bit_names(bad), bad);
  }
  for (std::uint16_t bits = 0; bits < 0x200; ++bits) {
    REQUIRE(parse_control_bit_names(to_string_control_bit_names(bits)) == bits);
  }
}
