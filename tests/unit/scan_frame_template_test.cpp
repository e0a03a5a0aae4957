// SPDX-License-Identifier: MIT
// The frames that are filled in against those that packet/ builds from nothing, byte by byte.
#include <doctest/doctest.h>

#include <array>
#include <random>

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/packet/ethernet.hpp"
#include "libtcp/scan/frame_template.hpp"

using namespace tcp;
using namespace tcp::scan;

namespace {

constexpr MacAddress kOurs{{2, 0, 0, 0, 0, 1}};
constexpr MacAddress kTheirs{{2, 0, 0, 0xff, 0xfe, 2}};
constexpr std::uint32_t kMtu = 1500;

using Octets = std::vector<std::uint8_t>;

Octets written(const FrameTemplate& form, const Endpoint& target, const SegmentNumbers& numbers) {
  std::array<std::uint8_t, FrameTemplate::kBytes> buffer;
  form.write(buffer.data(), kTheirs, target, numbers);
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(form.size())};
}

packet::TcpOptions options_of(const ProbeShape& shape, Family family, std::uint32_t timestamp) {
  const auto mss = static_cast<std::uint16_t>(kMtu - (family == Family::v4 ? 40 : 60));
  if ((shape.control_bits & packet::control::syn) == 0) return {};
  if (shape.options) return packet::linux_syn_options(shape.maximum_segment_size.value_or(mss), timestamp, 7);
  if (shape.maximum_segment_size) return {packet::MaximumSegmentSize{*shape.maximum_segment_size}};
  return {};
}

Octets built(const std::optional<LinkHeader>& link, const IpAddress& source, const Endpoint& target,
             const SegmentNumbers& numbers, const ProbeShape& shape) {
  std::array<std::uint8_t, 256> buffer;
  packet::Writer writer(buffer);
  if (link) {
    packet::EthernetHeader header;
    header.source = link->source;
    header.destination = kTheirs;
    header.ether_type = source.is_v4() ? packet::ethertype::ipv4 : packet::ethertype::ipv6;
    if (link->vlan) header.vlans[header.vlan_count++].control = *link->vlan;
    packet::serialize(writer, header);
  }
  packet::TcpHeader header;
  header.sequence = numbers.sequence;
  header.acknowledgment = numbers.acknowledgment;
  header.control_bits = shape.control_bits;
  header.window = (shape.control_bits & packet::control::rst) != 0 ? 0 : 64240;
  packet::IpFields ip;
  ip.identification = numbers.identification;
  ip.time_to_live = shape.time_to_live;
  const auto packet =
      packet::build_tcp_packet(std::span(buffer).subspan(writer.size()), {source, numbers.source_port}, target, ip,
                               header, options_of(shape, source.family(), numbers.timestamp));
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(writer.size() + packet.size())};
}

// Random numbers of which many are zeros or all ones: these make the carries.
class Extremes {
 public:
  std::uint32_t operator()() {
    switch (random_() % 6) {
      case 0: return 0;
      case 1: return 0xffffffff;
      case 2: return 0xffff0000U | (random_() & 0xffffU);
      case 3: return 0x0000ffffU;
      default: return random_();
    }
  }
  std::uint16_t half() { return static_cast<std::uint16_t>((*this)()); }
  IpAddress address(Family family) {
    if (family == Family::v4) return IpAddress::v4((*this)());
    std::array<std::uint8_t, 16> bytes;
    for (std::size_t i = 0; i < bytes.size(); i += 4) {
      const std::uint32_t word = (*this)();
      for (std::size_t j = 0; j < 4; ++j) bytes[i + j] = static_cast<std::uint8_t>(word >> (8 * j));
    }
    return IpAddress::v6(bytes);
  }

 private:
  std::independent_bits_engine<std::mt19937, 32, std::uint32_t> random_{std::mt19937(7)};
};

std::vector<ProbeShape> shapes() {
  std::vector<ProbeShape> shapes(7);
  shapes[1].options = false;
  shapes[2].options = false;
  shapes[2].maximum_segment_size = 536;
  shapes[3].maximum_segment_size = 1400;
  shapes[3].time_to_live = 255;
  shapes[4].control_bits = packet::control::rst;
  shapes[5].control_bits = 0;
  shapes[6].control_bits = packet::control::fin | packet::control::ack;
  return shapes;
}

}  // namespace

TEST_CASE("a frame that is filled in is the frame that is built from nothing") {
  Extremes random;
  const std::optional<LinkHeader> links[] = {std::nullopt, LinkHeader{kOurs}, LinkHeader{kOurs, 77}};
  for (const Family family : {Family::v4, Family::v6}) {
    for (const ProbeShape& shape : shapes()) {
      for (const auto& link : links) {
        for (int i = 0; i < 40; ++i) {
          const IpAddress source = random.address(family);
          const FrameTemplate form(link, source, kMtu, shape);
          for (int j = 0; j < 10; ++j) {
            const Endpoint target{random.address(family), random.half()};
            const SegmentNumbers numbers{random.half(), random(), random(), random.half(), random()};
            REQUIRE(written(form, target, numbers) == built(link, source, target, numbers, shape));
          }
        }
      }
    }
  }
}

TEST_CASE("the longest frame fits, and its link header is known") {
  const FrameTemplate form(LinkHeader{kOurs, 4094}, IpAddress::any(Family::v6), kMtu, {});
  CHECK(form.size() == 98);
  CHECK(form.link_size() == 18);
  CHECK(FrameTemplate({}, IpAddress::any(Family::v4), kMtu, {}).link_size() == 0);
}
