// SPDX-License-Identifier: MIT
// What our SYN looks like, byte for byte where the order and the padding matter.
#include <doctest/doctest.h>

#include <array>

#include "libtcp/trace/syn_shape.hpp"

using namespace tcp;
using namespace tcp::trace;
namespace control = tcp::packet::control;

namespace {

SynFields make_fields() {
  SynFields fields;
  fields.tuple = {{IpAddress::v4(0xc0000201), 40000}, {IpAddress::v4(0xc0000202), 443}};
  fields.sequence = 7;
  fields.acknowledgment = 9;
  fields.timestamp = 0x01020304;
  fields.identification = 5;
  fields.flow_label = 6;
  return fields;
}

std::vector<unsigned> option_bytes(const SynShape& shape) {
  std::array<std::uint8_t, packet::kMaxTcpOptionsLength> buffer{};
  packet::Writer writer(buffer);
  REQUIRE(packet::serialize(writer, make_syn(shape, make_fields()).options));
  const packet::Bytes written = writer.written();
  return {written.begin(), written.end()};
}

}  // namespace

TEST_CASE("the default SYN is Linux's") {
  const Segment syn = make_syn({}, make_fields());
  CHECK(syn.options == packet::linux_syn_options(1460, 0x01020304, 7));
  CHECK(syn.header.control_bits == control::syn);
  CHECK(syn.header.window == 64240);
  CHECK(syn.header.sequence == 7);
  CHECK(syn.header.acknowledgment == 0);
  CHECK(syn.header.source_port == 40000);
  CHECK(syn.header.destination_port == 443);
  CHECK(syn.identification == 5);
  CHECK(syn.flow_label == 0);
  CHECK(syn.time_to_live == 64);
  CHECK(SynShape().opens());
}

TEST_CASE("options that are left out leave Linux's padding") {
  using Octets = std::vector<unsigned>;
  SynShape shape;
  shape.timestamps = false;
  CHECK(option_bytes(shape) == Octets{2, 4, 5, 180, 1, 1, 4, 2, 1, 3, 3, 7});
  shape.window_scaling = false;
  CHECK(option_bytes(shape) == Octets{2, 4, 5, 180, 1, 1, 4, 2});
  shape.selective_ack = false;
  shape.mss = 1000;
  CHECK(option_bytes(shape) == Octets{2, 4, 3, 232});
  shape.timestamps = true;
  CHECK(option_bytes(shape) == Octets{2, 4, 3, 232, 1, 1, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0});
}

TEST_CASE("Fast Open and MPTCP stand behind the others") {
  using Octets = std::vector<unsigned>;
  SynShape shape;
  shape.timestamps = shape.selective_ack = shape.window_scaling = false;
  shape.fast_open = shape.multipath = true;
  CHECK(option_bytes(shape) == Octets{2, 4, 5, 180, 34, 2, 1, 1, 30, 4, 1, 1});
  shape = {};
  shape.fast_open = shape.multipath = true;
  CHECK(option_bytes(shape).size() == 28);
}

TEST_CASE("ECN is asked for by bits of the header") {
  SynShape shape;
  shape.ecn = Ecn::classic;
  CHECK(make_syn(shape, make_fields()).header.control_bits == (control::syn | control::ece | control::cwr));
  shape.ecn = Ecn::accurate;
  CHECK(make_syn(shape, make_fields()).header.control_bits ==
        (control::syn | control::ece | control::cwr | control::ae));
}

TEST_CASE("the window is whole segments of the MSS that is offered") {
  SynShape shape;
  shape.mss = 1000;
  CHECK(make_syn(shape, make_fields()).header.window == 65000);
  shape.window = 4321;
  CHECK(make_syn(shape, make_fields()).header.window == 4321);
  CHECK(linux_syn_window(0) == 65535);
  CHECK(linux_syn_window(65495) == 65495);
}

TEST_CASE("what does not ask to open is a bare segment") {
  SynShape shape;
  shape.control_bits = control::ack;
  shape.time_to_live = 3;
  shape.dscp = 46;
  CHECK_FALSE(shape.opens());
  const Segment probe = make_syn(shape, make_fields());
  CHECK(probe.options.empty());
  CHECK(probe.header.acknowledgment == 9);
  CHECK(probe.time_to_live == 3);
  CHECK(probe.dscp == 46);
  shape.control_bits = control::syn | control::ack;
  CHECK_FALSE(shape.opens());
  CHECK(make_syn(shape, make_fields()).options.empty());
  shape.control_bits = control::syn | control::psh;
  CHECK(shape.opens());
}

TEST_CASE("a repeated SYN asks for less, in case that is why nobody answered") {
  SynShape shape;
  shape.ecn = Ecn::classic;
  shape.fast_open = shape.multipath = true;
  CHECK(for_repetition(shape, 0).fast_open);
  CHECK(for_repetition(shape, 1).ecn == Ecn::none);
  CHECK_FALSE(for_repetition(shape, 1).fast_open);
  CHECK(for_repetition(shape, 2).multipath);
  CHECK_FALSE(for_repetition(shape, 3).multipath);
}
