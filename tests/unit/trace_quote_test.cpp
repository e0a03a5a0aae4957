// SPDX-License-Identifier: MIT
// Our SYN against what comes back of it.
#include <doctest/doctest.h>

#include "libtcp/packet/build.hpp"
#include "libtcp/trace/path_changes.hpp"
#include "libtcp/trace/quote.hpp"
#include "libtcp/trace/syn_shape.hpp"

using namespace tcp;
using namespace tcp::trace;
namespace control = tcp::packet::control;

namespace {

const FourTuple kTuple{{IpAddress::v4(0xc0000201), 40000}, {IpAddress::v4(0xc6336402), 443}};

Segment our_syn(const SynShape& shape = {}) {
  return make_syn(shape, {.tuple = kTuple, .sequence = 1000, .timestamp = 77, .identification = 5});
}

// What a router quotes that saw `arrived`, `bytes` of TCP.
QuotedProbe quote(const Segment& arrived, std::size_t bytes = 60, const FourTuple& tuple = kTuple) {
  std::array<std::uint8_t, 128> buffer;
  packet::IpFields ip{1, arrived.dscp, arrived.ecn, arrived.identification, arrived.dont_fragment, 0};
  const auto packet = packet::build_tcp_packet(buffer, tuple.local, tuple.remote, ip, arrived.header, arrived.options);
  packet::IcmpView view;
  view.header.type = 11;
  view.quoted = packet.first(std::min(packet.size(), 20 + bytes));
  auto read = read_quote(view);
  REQUIRE(read);
  return *read;
}

// "mss 1460>1400" for each field that differs.
std::string differences(const Segment& sent, const QuotedProbe& seen) {
  const FieldValues ours = describe_sent(kTuple, sent);
  const FieldValues theirs = describe_quote(seen, sent);
  std::string text;
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    const auto field = static_cast<Field>(i);
    if (!differs(field, ours, theirs)) continue;
    text += (text.empty() ? "" : "; ") + std::string(to_string(field)) + " " + *ours[field] + ">" + *theirs[field];
  }
  return text;
}

packet::TcpOptions options(std::initializer_list<packet::TcpOption> list) { return list; }

}  // namespace

TEST_CASE("an unchanged SYN shows no difference, however much is quoted") {
  const Segment syn = our_syn();
  for (std::size_t bytes = 8; bytes <= 60; ++bytes) CHECK(differences(syn, quote(syn, bytes)).empty());
}

TEST_CASE("fields of the IP header") {
  const Segment syn = our_syn();
  Segment seen = syn;
  seen.dscp = 10;
  seen.ecn = 1;
  seen.identification = 6;
  seen.dont_fragment = false;
  CHECK(differences(syn, quote(seen, 8)) == "dscp 0>10; ecn 0>1; identification 5>6; dont_fragment set>clear");
}

TEST_CASE("translated addresses and ports") {
  const FourTuple other{{IpAddress::v4(0xc000024d), 1024}, {IpAddress::v4(0xc6336403), 8443}};
  CHECK(differences(our_syn(), quote(our_syn(), 60, other)) ==
        "source_address 192.0.2.1>192.0.2.77; source_port 40000>1024; destination_address "
        "198.51.100.2>198.51.100.3; destination_port 443>8443");
}

TEST_CASE("ECN asked for and taken away") {
  SynShape shape;
  shape.ecn = Ecn::classic;
  Segment seen = our_syn(shape);
  seen.header.control_bits = control::syn;
  CHECK(differences(our_syn(shape), quote(seen)) == "control_bits SEW>S");
  CHECK(differences(our_syn(shape), quote(seen, 13)).empty());  // the bits are in the fourteenth byte
}

TEST_CASE("sequence number and window") {
  Segment seen = our_syn();
  seen.header.sequence = 2000;
  seen.header.window = 8192;
  CHECK(differences(our_syn(), quote(seen)) == "sequence 1000>2000; window 64240>8192");
  CHECK(differences(our_syn(), quote(seen, 15)) == "sequence 1000>2000");
}

TEST_CASE("options") {
  const Segment syn = our_syn();  // MSS, SACK permitted, timestamps, NOP, window scale
  Segment seen = syn;
  const packet::MaximumSegmentSize mss{1460};
  const packet::Timestamps stamps{77, 0};
  SUBCASE("a smaller MSS") {
    seen.options = packet::linux_syn_options(1400, 77, 7);
    CHECK(differences(syn, quote(seen)) == "mss 1460>1400");
    CHECK(differences(syn, quote(seen, 24)) == "mss 1460>1400");  // quoted that far
    CHECK(differences(syn, quote(seen, 23)).empty());
  }
  SUBCASE("removed") {
    seen.options = options({mss, packet::SackPermitted{}, packet::NoOperation{}, packet::NoOperation{}});
    CHECK(differences(syn, quote(seen)) == "window_scale 7>absent; timestamps 77>absent");
    CHECK(differences(syn, quote(seen, 26)).empty());  // the rest might be behind
  }
  SUBCASE("replaced by NOP") {
    seen.options = options(
        {mss, packet::NoOperation{}, packet::NoOperation{}, stamps, packet::NoOperation{}, packet::WindowScale{7}});
    CHECK(differences(syn, quote(seen)) == "selective_ack yes>replaced by NOP");
    CHECK(differences(syn, quote(seen, 26)) == "selective_ack yes>replaced by NOP");
  }
  SUBCASE("added") {
    seen.options = options({mss, packet::SackPermitted{}, stamps, packet::NoOperation{}, packet::WindowScale{7},
                            packet::UnknownOption{76, 2, {1, 2}}});
    CHECK(differences(syn, quote(seen)).starts_with("other_options absent>"));
  }
  SUBCASE("in another order") {
    seen.options = options({packet::SackPermitted{}, mss, stamps, packet::NoOperation{}, packet::WindowScale{7}});
    CHECK(differences(syn, quote(seen)) == "option_order 2,4,8,3>4,2,8,3");
    CHECK(differences(syn, quote(seen, 30)).empty());
  }
}

TEST_CASE("a checksum is judged only where all of the segment was quoted") {
  QuotedProbe seen = quote(our_syn());
  seen.segment[16] ^= 1;
  CHECK(differences(our_syn(), seen) == "checksum right>wrong");
  seen.segment.pop_back();
  CHECK(differences(our_syn(), seen).empty());
}

TEST_CASE("changes are located between the hops that show them") {
  Path path;
  const auto add = [&path](std::uint8_t hop, std::uint16_t mss, std::size_t bytes, std::uint32_t flow = 0) {
    Segment seen = our_syn();
    seen.options = packet::linux_syn_options(mss, 77, 7);
    PathProbe& probe = path.probes.emplace_back();
    probe.hop = hop;
    probe.flow = flow;
    probe.fields = describe_sent(kTuple, our_syn());
    PathReply reply;
    reply.quoted_bytes = bytes;
    reply.seen = describe_quote(quote(seen, bytes), our_syn());
    probe.reply = reply;
  };
  const auto located = [&path] {
    std::string text;
    for (const PathChange& c : locate_changes(path)) {
      text += std::string(to_string(c.field)) + " " + c.before + ">" + c.after + " " + std::to_string(c.last_without) +
              ".." + std::to_string(c.first_with) + " x" + std::to_string(c.flows) + ";";
    }
    return text;
  };
  SUBCASE("nothing") {
    add(1, 1460, 40);
    CHECK(located().empty());
  }
  SUBCASE("across a hop that quotes too little") {
    add(1, 1460, 40);
    add(2, 1400, 8);
    add(3, 1400, 40);
    CHECK(located() == "mss 1460>1400 1..3 x1;");
  }
  SUBCASE("and undone") {
    add(1, 1400, 40);
    add(2, 1460, 40);
    CHECK(located() == "mss 1460>1400 0..1 x1;mss 1400>1460 1..2 x1;");
  }
  SUBCASE("flows narrow it down") {
    path.flows = 2;
    add(1, 1460, 40, 0);
    add(3, 1400, 40, 0);
    add(2, 1460, 40, 1);
    add(4, 1400, 40, 1);
    CHECK(located() == "mss 1460>1400 2..3 x2;");
  }
}
