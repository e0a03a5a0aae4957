// SPDX-License-Identifier: MIT
#include "libtcp/scan/frame_template.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/ethernet.hpp"
#include "libtcp/packet/ipv4.hpp"
#include "libtcp/packet/ipv6.hpp"
#include "libtcp/packet/tcp_options.hpp"

namespace tcp::scan {
namespace {

constexpr std::uint16_t kWindow = 64240;  // Linux's, with a scale of 7
constexpr std::uint8_t kWindowShift = 7;
constexpr std::uint32_t kSmallestMtu = 576;  // RFC 791 §3.1

constexpr std::size_t kIdentificationOffset = 4;
constexpr std::size_t kIpChecksumOffset = 10;
constexpr std::size_t kV4DestinationOffset = 16;
constexpr std::size_t kV6DestinationOffset = 24;
constexpr std::size_t kSequenceOffset = 4;
constexpr std::size_t kAcknowledgmentOffset = 8;
constexpr std::size_t kTcpChecksumOffset = 16;
constexpr std::size_t kTimestampOffset = 28;  // Linux's options: MSS of four bytes, SACK of two, kind and length

std::uint16_t default_segment_size(const IpAddress& source, std::uint32_t mtu) noexcept {
  const std::uint32_t headers = source.is_v4() ? 40 : 60;
  return static_cast<std::uint16_t>(std::clamp<std::uint32_t>(mtu, kSmallestMtu, 65535) - headers);
}

// Only a SYN has options (RFC 9293 §3.2, RFC 7323 §2.2): none of them may begin later.
packet::TcpOptions options_of(const ProbeShape& shape, const IpAddress& source, std::uint32_t mtu) {
  if ((shape.control_bits & packet::control::syn) == 0) return {};
  const std::uint16_t size = shape.maximum_segment_size.value_or(default_segment_size(source, mtu));
  if (shape.options) return packet::linux_syn_options(size, 0, kWindowShift);
  if (shape.maximum_segment_size) return {packet::MaximumSegmentSize{size}};
  return {};
}

std::size_t write_link(std::span<std::uint8_t> buffer, const LinkHeader& link, bool v4) {
  packet::EthernetHeader header;
  header.source = link.source;
  header.ether_type = v4 ? packet::ethertype::ipv4 : packet::ethertype::ipv6;
  if (link.vlan) header.vlans[header.vlan_count++].control = *link.vlan;
  packet::Writer writer(buffer);
  packet::serialize(writer, header);
  return writer.size();
}

constexpr std::uint16_t to_network(std::uint16_t value) noexcept {
  if constexpr (std::endian::native == std::endian::big) return value;
  return static_cast<std::uint16_t>(value << 8 | value >> 8);
}

constexpr std::uint32_t to_network(std::uint32_t value) noexcept {
  if constexpr (std::endian::native == std::endian::big) return value;
  return __builtin_bswap32(value);
}

template <class T>
T load(const std::uint8_t* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void store(std::uint8_t* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

// Words of 16 bits can be added 32 at a time: 2^16 is 1 in one's complement.
std::uint64_t sum_address(const std::uint8_t* address, bool v4) noexcept {
  if (v4) return load<std::uint32_t>(address);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < 16; i += 4) sum += load<std::uint32_t>(address + i);
  return sum;
}

// Every carry is added back, also the one that adding carries makes.
std::uint16_t fold(std::uint64_t sum) noexcept {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

// The sum that a checksum field stands for; the field itself becomes 0.
std::uint32_t take_sum(std::uint8_t* field) noexcept {
  const auto sum = static_cast<std::uint16_t>(~load<std::uint16_t>(field));
  store<std::uint16_t>(field, 0);
  return sum;
}

}  // namespace

FrameTemplate::FrameTemplate(const std::optional<LinkHeader>& link, const IpAddress& source, std::uint32_t mtu,
                             const ProbeShape& shape)
    : v4_(source.is_v4()) {
  if (link) link_size_ = static_cast<std::uint8_t>(write_link(bytes_, *link, v4_));
  packet::TcpHeader header;
  header.control_bits = shape.control_bits;
  if ((shape.control_bits & packet::control::rst) == 0) header.window = kWindow;
  packet::IpFields ip;
  ip.time_to_live = shape.time_to_live;
  const packet::TcpOptions options = options_of(shape, source, mtu);
  has_timestamp_ = options.find<packet::Timestamps>() != nullptr;
  const Endpoint nobody{IpAddress::any(source.family()), 0};
  const packet::Bytes packet =
      packet::build_tcp_packet(std::span(bytes_).subspan(link_size_), {source, 0}, nobody, ip, header, options);
  assert(!packet.empty());
  size_ = static_cast<std::uint8_t>(link_size_ + packet.size());
  std::uint8_t* begin = bytes_.data() + link_size_;
  if (v4_) ip_sum_ = take_sum(begin + kIpChecksumOffset);
  segment_sum_ = take_sum(begin + (v4_ ? packet::kIpv4HeaderLength : packet::kIpv6HeaderLength) + kTcpChecksumOffset);
}

void FrameTemplate::write(std::uint8_t* to, const MacAddress& next_hop, const Endpoint& target,
                          const SegmentNumbers& numbers) const noexcept {
  std::memcpy(to, bytes_.data(), kBytes);
  if (link_size_ > 0) std::memcpy(to, next_hop.bytes.data(), next_hop.bytes.size());
  std::uint8_t* ip = to + link_size_;
  std::uint8_t* segment = ip + (v4_ ? packet::kIpv4HeaderLength : packet::kIpv6HeaderLength);
  std::uint8_t* destination = ip + (v4_ ? kV4DestinationOffset : kV6DestinationOffset);
  std::memcpy(destination, target.address.bytes().data(), v4_ ? 4 : 16);
  const std::uint64_t destination_sum = sum_address(destination, v4_);

  const std::uint32_t ports = to_network(std::uint32_t{numbers.source_port} << 16 | target.port);
  const std::uint32_t sequence = to_network(numbers.sequence);
  const std::uint32_t acknowledgment = to_network(numbers.acknowledgment);
  store(segment, ports);
  store(segment + kSequenceOffset, sequence);
  store(segment + kAcknowledgmentOffset, acknowledgment);
  std::uint64_t sum = destination_sum + segment_sum_ + ports + sequence + acknowledgment;
  if (has_timestamp_) {
    const std::uint32_t timestamp = to_network(numbers.timestamp);
    store(segment + kTimestampOffset, timestamp);
    sum += timestamp;
  }
  store(segment + kTcpChecksumOffset, static_cast<std::uint16_t>(~fold(sum)));
  if (!v4_) return;
  const std::uint16_t identification = to_network(numbers.identification);
  store(ip + kIdentificationOffset, identification);
  store(ip + kIpChecksumOffset, static_cast<std::uint16_t>(~fold(destination_sum + ip_sum_ + identification)));
}

}  // namespace tcp::scan
