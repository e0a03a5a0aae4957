// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/packet/notation.hpp"

using namespace tcp::packet;

namespace {

TcpHeader header(std::uint16_t control_bits, std::uint32_t sequence, std::uint32_t acknowledgment) {
  TcpHeader result;
  result.control_bits = control_bits;
  result.sequence = sequence;
  result.acknowledgment = acknowledgment;
  result.window = 502;
  return result;
}

}  // namespace

TEST_CASE("a handshake in packetdrill's words") {
  TcpHeader syn = header(control::syn, 0, 0);
  syn.window = 64240;
  CHECK(notation(syn, linux_syn_options(1460, 1, 7), 0) ==
        "S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>");
  CHECK(notation(header(control::syn | control::ack, 0, 1), {MaximumSegmentSize{1460}}, 0) ==
        "S. 0:0(0) ack 1 win 502 <mss 1460>");
  CHECK(notation(header(control::ack, 1, 1), {}, 0) == ". 1:1(0) ack 1 win 502");
  CHECK(notation(header(control::psh | control::ack, 1, 1), {}, 1000) == "P. 1:1001(1000) ack 1 win 502");
  CHECK(notation(header(control::fin | control::ack, 1001, 1), {}, 0) == "F. 1001:1001(0) ack 1 win 502");
}

TEST_CASE("an acknowledgment number shows only with its bit, an urgent pointer too") {
  CHECK(notation(header(control::rst, 5, 77), {}, 0) == "R 5:5(0) win 502");
  TcpHeader urgent = header(control::urg | control::ack, 1, 1);
  urgent.urgent_pointer = 3;
  CHECK(notation(urgent, {}, 4) == ".U 1:5(4) ack 1 win 502 urg 3");
  CHECK(notation(header(0, 1, 1), {}, 0) == "- 1:1(0) win 502");
}

TEST_CASE("numbers relative to a base, wrapped, SACK blocks with the acknowledgment") {
  const TcpOptions options{NoOperation(), NoOperation(), Sack{1, {{{10, 20}}}}};
  const SequenceBase base{.sequence = 0xfffffff0, .acknowledgment = 5};
  CHECK(notation(header(control::ack, 0xfffffff1, 6), options, 32, base) ==
        ". 1:33(32) ack 1 win 502 <nop,nop,sack 5:15>");
  CHECK(notation(header(control::ack, 0xfffffff1, 6), {}, 32) == ". 4294967281:17(32) ack 6 win 502");
}

TEST_CASE("a count that lies prints what there is") {
  CHECK(notation(TcpOptions{Sack{9, {}}}) == "sack 0:0 0:0 0:0 0:0");
  CHECK(notation(TcpOptions{UnknownOption{9, 200, {}}}).size() == std::string("unknown 9 0x").size() + 2 * 38);
  CHECK(notation(TcpOptions{AccurateEcn{false, 200, {}}}) == "ECN e0b 0 ceb 0 e1b 0");
}
