// SPDX-License-Identifier: MIT
#include "tests/support/frames.hpp"

namespace tcp::test {
namespace {

using namespace tcp::packet;

const Octets kPayload{'h', 'e', 'l', 'l', 'o', '\n'};

struct OptionCase {
  const char* name;
  std::uint16_t control_bits;
  TcpOptions options;
};

FastOpen fast_open(bool experimental) {
  FastOpen option;
  option.experimental = experimental;
  option.cookie_length = 8;
  option.cookie = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
  return option;
}

Md5Signature md5() {
  Md5Signature option;
  for (std::size_t i = 0; i < option.digest.size(); ++i) option.digest[i] = static_cast<std::uint8_t>(0xa0 + i);
  return option;
}

AuthenticationOption authentication() {
  AuthenticationOption option{.key_id = 61, .next_key_id = 84, .mac_length = 12, .mac = {}};
  for (std::uint8_t i = 0; i < option.mac_length; ++i) option.mac.at(i) = static_cast<std::uint8_t>(0xb0 + i);
  return option;
}

UnknownOption unknown(std::uint8_t kind, std::initializer_list<std::uint8_t> data) {
  UnknownOption option;
  option.kind = kind;
  for (const std::uint8_t byte : data) option.data.at(option.data_length++) = byte;
  return option;
}

Sack sack_blocks(std::uint8_t count) {
  Sack sack;
  sack.count = count;
  for (std::uint32_t i = 0; i < count; ++i) sack.blocks.at(i) = {3000 + i * 1000, 3500 + i * 1000};
  return sack;
}

// MP_CAPABLE of version 1 with HMAC-SHA256 on a SYN (RFC 8684 §3.1).
Mptcp mp_capable() { return {.subtype = 0, .data_length = 2, .data = {0x01, 0x01}}; }

std::vector<OptionCase> option_cases() {
  const std::uint16_t syn = control::syn;
  const std::uint16_t ack = control::ack;
  return {
      {"no-options", ack, {}},
      {"linux-syn", syn, linux_syn_options(1460, 0x01020304, 7)},
      {"mss", syn, {MaximumSegmentSize{1220}}},
      {"wscale", syn, {WindowScale{14}}},
      {"sack-permitted", syn, {SackPermitted()}},
      {"sack-1", ack, {NoOperation(), NoOperation(), sack_blocks(1)}},
      {"sack-4", ack, {NoOperation(), NoOperation(), sack_blocks(4)}},
      {"timestamps", ack, {NoOperation(), NoOperation(), Timestamps{4294967295, 77}}},
      {"timestamps-sack-3",
       ack,
       {NoOperation(), NoOperation(), Timestamps{5, 6}, NoOperation(), NoOperation(), sack_blocks(3)}},
      {"md5", ack, {md5()}},
      {"authentication", ack, {authentication()}},
      {"mptcp", syn, {mp_capable()}},
      {"fast-open-request", syn, {MaximumSegmentSize{1460}, FastOpen()}},
      {"fast-open-cookie", syn, {MaximumSegmentSize{1460}, fast_open(false)}},
      {"fast-open-experimental", syn, {MaximumSegmentSize{1460}, fast_open(true)}},
      {"accurate-ecn-0", ack, {AccurateEcn{.order_1 = false, .counter_count = 3, .counters = {11, 22, 0xfffffe}}}},
      {"accurate-ecn-1", ack, {AccurateEcn{.order_1 = true, .counter_count = 2, .counters = {33, 44, 0}}}},
      {"unknown", ack, {unknown(253, {0x12, 0x34, 0xde, 0xad})}},
      {"end-of-options", syn, {MaximumSegmentSize{1460}, EndOfOptions()}},
      {"all-nops", ack, {NoOperation(), NoOperation(), NoOperation(), NoOperation()}},
  };
}

void add_option_frames(std::vector<Frame>& frames) {
  std::uint16_t port = 40000;
  for (const Family family : {Family::v4, Family::v6}) {
    for (const OptionCase& option : option_cases()) {
      const Octets packet = tcp_packet(family, port++, option.control_bits, option.options, {});
      frames.push_back(
          {std::string(option.name) + (family == Family::v4 ? "-v4" : "-v6"), LinkType::ethernet, in_ethernet(packet)});
    }
  }
}

void add_link_frames(std::vector<Frame>& frames) {
  const Octets v4 = tcp_packet(Family::v4, 41000, control::psh | control::ack, {}, kPayload);
  const Octets v6 = tcp_packet(Family::v6, 41001, control::syn, linux_syn_options(1440, 9, 7));
  const VlanTag customer{ethertype::vlan, 0x6064};  // priority 3, identifier 100
  const VlanTag service{ethertype::service_vlan, 200};
  const VlanTag old_service{ethertype::old_qinq, 300};
  Octets padded = in_ethernet(tcp_packet(Family::v4, 41002, control::ack, {}));
  padded.resize(60);
  frames.insert(frames.end(), {
                                  {"ethernet-padded", LinkType::ethernet, padded},
                                  {"vlan-v4", LinkType::ethernet, in_ethernet(v4, {customer})},
                                  {"vlan-v6", LinkType::ethernet, in_ethernet(v6, {customer})},
                                  {"qinq", LinkType::ethernet, in_ethernet(v4, {service, customer})},
                                  {"qinq-old", LinkType::ethernet, in_ethernet(v6, {old_service, customer})},
                                  {"qinq-four-tags", LinkType::ethernet,
                                   in_ethernet(v4, {old_service, customer, old_service, customer})},
                                  {"cooked-v1-v4", LinkType::linux_sll, in_linux_cooked(v4, LinkType::linux_sll)},
                                  {"cooked-v1-v6", LinkType::linux_sll, in_linux_cooked(v6, LinkType::linux_sll)},
                                  {"cooked-v2-v4", LinkType::linux_sll2, in_linux_cooked(v4, LinkType::linux_sll2)},
                                  {"cooked-v2-v6", LinkType::linux_sll2, in_linux_cooked(v6, LinkType::linux_sll2)},
                                  {"null-little-endian-v4", LinkType::null, in_loopback(v4, {2, 0, 0, 0})},
                                  {"null-big-endian-v4", LinkType::null, in_loopback(v4, {0, 0, 0, 2})},
                                  {"null-freebsd-v6", LinkType::null, in_loopback(v6, {28, 0, 0, 0})},
                                  {"null-darwin-v6", LinkType::null, in_loopback(v6, {30, 0, 0, 0})},
                                  {"loop-v4", LinkType::loop, in_loopback(v4, {0, 0, 0, 2})},
                                  {"loop-openbsd-v6", LinkType::loop, in_loopback(v6, {0, 0, 0, 24})},
                                  {"raw-v4", LinkType::raw, v4},
                                  {"raw-v6", LinkType::raw, v6},
                                  {"ipv4", LinkType::ipv4, v4},
                                  {"ipv6", LinkType::ipv6, v6},
                              });
}

void add_ipv4_frames(std::vector<Frame>& frames) {
  const Octets segment = segment_of(tcp_packet(Family::v4, 42000, control::psh | control::ack, {}, kPayload));
  Ipv4Header header;
  header.protocol = ip_protocol::tcp;
  header.dscp = 46;
  header.ecn = 1;
  header.options_length = 8;
  header.options = {148, 4, 0, 0, 1, 1, 1, 0};  // router alert (RFC 2113), padding
  frames.push_back({"ipv4-options", LinkType::ethernet, in_ethernet(ipv4_packet(header, segment))});

  Ipv4Header fragment;
  fragment.protocol = ip_protocol::tcp;
  fragment.identification = 4711;
  fragment.more_fragments = true;
  frames.push_back(
      {"ipv4-fragment-first", LinkType::ethernet, in_ethernet(ipv4_packet(fragment, Bytes(segment).first(24)))});
  fragment.more_fragments = false;
  fragment.fragment_offset = 3;
  frames.push_back(
      {"ipv4-fragment-last", LinkType::ethernet, in_ethernet(ipv4_packet(fragment, Bytes(segment).subspan(24)))});
}

void add_ipv6_frames(std::vector<Frame>& frames) {
  const Octets segment = segment_of(tcp_packet(Family::v6, 43000, control::psh | control::ack, {}, kPayload));
  const auto add = [&](const char* name, std::uint8_t next, const Octets& extensions, Bytes rest) {
    frames.push_back({name, LinkType::ethernet, in_ethernet(ipv6_packet(next, joined(extensions, rest)))});
  };
  // Hop-by-hop with a router alert (RFC 2711), destination options with padding, a route that has been used up.
  const Octets route_used_up{ip_protocol::tcp, 2, 0, 0, 0, 0, 0, 0};
  const Octets options{ip_protocol::destination_options,
                       0,
                       5,
                       2,
                       0,
                       0,
                       1,
                       0,  //
                       ip_protocol::routing,
                       0,
                       1,
                       4,
                       0,
                       0,
                       0,
                       0};
  const Octets chain = joined(joined(options, route_used_up), hosts(Family::v6).second.bytes());
  add("ipv6-extension-headers", ip_protocol::hop_by_hop, chain, segment);
  add("ipv6-atomic-fragment", ip_protocol::fragment, {ip_protocol::tcp, 0, 0, 0, 0, 0, 0x47, 0x11}, segment);
  const Bytes whole = segment;
  add("ipv6-fragment-first", ip_protocol::fragment, {ip_protocol::tcp, 0, 0, 1, 0, 0, 0x47, 0x12}, whole.first(24));
  add("ipv6-fragment-last", ip_protocol::fragment, {ip_protocol::tcp, 0, 0, 24, 0, 0, 0x47, 0x12}, whole.subspan(24));
}

// The pseudo-header counts other addresses than the header shows: the end of a source route, the home of a mobile node.
void add_readdressed_frames(std::vector<Frame>& frames) {
  const Octets segment = segment_of(tcp_packet(Family::v6, 43001, control::psh | control::ack, {}, kPayload));
  const auto [source, destination] = hosts(Family::v6);
  const Octets route = joined(Octets{ip_protocol::tcp, 2, 0, 1, 0, 0, 0, 0}, destination.bytes());
  Octets routed = ipv6_packet(ip_protocol::routing, joined(route, segment));
  routed[39] = 0x99;  // the waypoint 2001:db8::99 in place of 2001:db8::2
  frames.push_back({"ipv6-source-route", LinkType::ethernet, in_ethernet(routed)});

  const Octets home = joined(Octets{ip_protocol::tcp, 2, 1, 2, 0, 0, 201, 16}, source.bytes());
  Octets mobile = ipv6_packet(ip_protocol::destination_options, joined(home, segment));
  mobile[23] = 0x77;  // the care-of address 2001:db8::77 in place of 2001:db8::1
  frames.push_back({"ipv6-home-address", LinkType::ethernet, in_ethernet(mobile)});
}

void add_icmp_frames(std::vector<Frame>& frames) {
  const Octets v4 = tcp_packet(Family::v4, 44000, control::syn, linux_syn_options(1460, 1, 7));
  const Octets v6 = tcp_packet(Family::v6, 44000, control::syn, linux_syn_options(1440, 1, 7));
  const auto add = [&](const char* name, Family family, std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                       Bytes body) {
    const IcmpHeader header{.family = family, .type = type, .code = code, .checksum = 0, .rest = rest};
    frames.push_back({name, LinkType::ethernet, in_ethernet(icmp_packet(header, body))});
  };
  add("icmp-port-unreachable-28", Family::v4, 3, 3, 0, Bytes(v4).first(28));
  add("icmp-port-unreachable", Family::v4, 3, 3, 0, v4);
  add("icmp-fragmentation-needed", Family::v4, 3, 4, 1400, v4);
  add("icmp-time-exceeded", Family::v4, 11, 0, 0, v4);
  add("icmp-time-exceeded-mpls", Family::v4, 11, 0, 32U << 16, quote_with_mpls(v4));
  add("icmp-echo-request", Family::v4, 8, 0, 0x12340001, kPayload);
  add("icmpv6-port-unreachable", Family::v6, 1, 4, 0, v6);
  add("icmpv6-packet-too-big", Family::v6, 2, 0, 1280, v6);
  add("icmpv6-time-exceeded", Family::v6, 3, 0, 0, v6);
  add("icmpv6-time-exceeded-mpls", Family::v6, 3, 0, 16U << 24, quote_with_mpls(v6));
  add("icmpv6-echo-request", Family::v6, 128, 0, 0x12340001, kPayload);
}

}  // namespace

std::vector<Frame> sample_frames() {
  std::vector<Frame> frames;
  add_option_frames(frames);
  add_link_frames(frames);
  add_ipv4_frames(frames);
  add_ipv6_frames(frames);
  add_readdressed_frames(frames);
  add_icmp_frames(frames);
  return frames;
}

}  // namespace tcp::test
