// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/if_ether.h>
#include <sys/socket.h>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/bpf.hpp"

using namespace tcp;
using namespace tcp::net;

namespace {

using Octets = std::vector<std::uint8_t>;

struct Packet {
  std::uint16_t ether_type;
  Octets bytes;
};

// As much of classic BPF as the filters use. A load outside the packet ends the program with 0, as in the kernel.
class Machine {
 public:
  explicit Machine(const Packet& packet) : packet_(packet) {}

  std::uint32_t run(const BpfProgram& program) {
    for (std::size_t at = 0; at < program.size(); ++at) {
      const sock_filter& code = program[at];
      if (BPF_CLASS(code.code) == BPF_RET) return code.k;
      if (BPF_CLASS(code.code) == BPF_JMP) {
        at += holds(code) ? code.jt : code.jf;
      } else {
        step(code);
      }
      if (out_of_bounds_) return 0;
    }
    FAIL("the program ran over its end");
    return 0;
  }

 private:
  void step(const sock_filter& code) {
    switch (code.code) {
      case BPF_LD | BPF_B | BPF_ABS: a_ = load(code.k, 1); break;
      case BPF_LD | BPF_H | BPF_ABS: a_ = load(code.k, 2); break;
      case BPF_LD | BPF_B | BPF_IND: a_ = load(x_ + code.k, 1); break;
      case BPF_LD | BPF_H | BPF_IND: a_ = load(x_ + code.k, 2); break;
      case BPF_LDX | BPF_B | BPF_MSH: x_ = 4 * (load(code.k, 1) & 0xf); break;
      case BPF_LDX | BPF_W | BPF_IMM: x_ = code.k; break;
      case BPF_ALU | BPF_AND | BPF_K: a_ &= code.k; break;
      default: FAIL("an instruction that the machine does not know");
    }
  }

  [[nodiscard]] bool holds(const sock_filter& code) const {
    switch (BPF_OP(code.code)) {
      case BPF_JEQ: return a_ == code.k;
      case BPF_JGE: return a_ >= code.k;
      case BPF_JGT: return a_ > code.k;
      case BPF_JSET: return (a_ & code.k) != 0;
      default: FAIL("a jump that the machine does not know"); return false;
    }
  }

  std::uint32_t load(std::uint32_t at, std::uint32_t size) {
    if (at == static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL)) return packet_.ether_type;
    out_of_bounds_ = at + size > packet_.bytes.size();
    std::uint32_t value = 0;
    for (std::uint32_t i = 0; i < size && !out_of_bounds_; ++i) value = value << 8 | packet_.bytes[at + i];
    return value;
  }

  const Packet& packet_;
  std::uint32_t a_ = 0;
  std::uint32_t x_ = 0;
  bool out_of_bounds_ = false;
};

Octets ports(std::uint16_t source, std::uint16_t destination) {
  Octets segment(20);
  segment[0] = static_cast<std::uint8_t>(source >> 8);
  segment[1] = static_cast<std::uint8_t>(source);
  segment[2] = static_cast<std::uint8_t>(destination >> 8);
  segment[3] = static_cast<std::uint8_t>(destination);
  return segment;
}

Packet ipv4(std::uint8_t protocol, const Octets& payload, std::uint16_t fragment = 0, std::uint8_t words = 5) {
  Octets bytes(std::size_t{words} * 4);
  bytes[0] = static_cast<std::uint8_t>(0x40 | words);
  bytes[6] = static_cast<std::uint8_t>(fragment >> 8);
  bytes[7] = static_cast<std::uint8_t>(fragment);
  bytes[9] = protocol;
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return {ETH_P_IP, bytes};
}

Packet ipv6(std::uint8_t next_header, const Octets& payload) {
  Octets bytes(40);
  bytes[0] = 0x60;
  bytes[6] = next_header;
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return {ETH_P_IPV6, bytes};
}

bool accepts(const Packet& packet, std::uint16_t first = 40000, std::uint16_t last = 40010) {
  return Machine(packet).run(tcp_ports_and_icmp_filter(first, last)) != 0;
}

}  // namespace

TEST_CASE("TCP to or from a local port is accepted, others are not") {
  for (const auto make : {+[](const Octets& s) { return ipv4(6, s); }, +[](const Octets& s) { return ipv6(6, s); },
                          +[](const Octets& s) { return ipv4(6, s, 0, 15); }}) {
    CHECK(accepts(make(ports(80, 40000))));
    CHECK(accepts(make(ports(80, 40010))));
    CHECK(accepts(make(ports(40005, 80))));
    CHECK_FALSE(accepts(make(ports(80, 39999))));
    CHECK_FALSE(accepts(make(ports(40011, 80))));
    CHECK_FALSE(accepts(make(ports(0, 65535))));
    CHECK(accepts(make(ports(80, 443)), 0, 65535));
    CHECK(accepts(make(ports(80, 443)), 443, 443));
  }
}

TEST_CASE("ICMP errors are accepted, of their own family only, and echoes are not") {
  const auto message = [](int type) {
    Octets bytes(8);
    bytes[0] = static_cast<std::uint8_t>(type);
    return bytes;
  };
  for (const int type : {3, 4, 5, 11, 12}) {
    CHECK(accepts(ipv4(1, message(type))));
    CHECK(accepts(ipv4(1, message(type), 0, 15)));
    CHECK_FALSE(accepts(ipv6(1, message(type))));
  }
  for (const int type : {1, 2, 3, 4, 127}) {
    CHECK(accepts(ipv6(58, message(type))));
    CHECK_FALSE(accepts(ipv4(58, message(type))));
  }
  for (const int type : {0, 8}) CHECK_FALSE(accepts(ipv4(1, message(type))));
  for (const int type : {128, 129, 135, 136}) CHECK_FALSE(accepts(ipv6(58, message(type))));
  CHECK(accepts(ipv4(1, message(8), 0x0001)));  // the middle of something
}

TEST_CASE("other protocols are not accepted, whatever their ports") {
  CHECK_FALSE(accepts(ipv4(17, ports(40000, 40000))));
  CHECK_FALSE(accepts(ipv6(17, ports(40000, 40000))));
  CHECK_FALSE(accepts(ipv6(50, Octets(20))));
}

TEST_CASE("fragments: the first by its ports, later ones always, only of TCP") {
  CHECK(accepts(ipv4(6, ports(80, 40000), 0x2000)));
  CHECK_FALSE(accepts(ipv4(6, ports(80, 443), 0x2000)));
  CHECK(accepts(ipv4(6, Octets(20), 0x2001)));
  CHECK(accepts(ipv4(6, Octets(20), 0x0001)));
  CHECK_FALSE(accepts(ipv4(17, Octets(20), 0x0001)));
  CHECK_FALSE(accepts(ipv4(6, ports(80, 443), 0x4000)));  // don't fragment is no fragment
}

TEST_CASE("IPv6 extension headers are handed up") {
  for (const int header : {0, 43, 44, 51, 60, 135}) {
    CAPTURE(header);
    CHECK(accepts(ipv6(static_cast<std::uint8_t>(header), Octets(8))));
  }
  CHECK_FALSE(accepts(ipv6(59, Octets(8))));
}

TEST_CASE("what is not IP is not accepted, even if it looks like it") {
  Packet arp = ipv4(6, ports(80, 40000));
  for (const int ether_type : {ETH_P_ARP, ETH_P_8021Q, ETH_P_802_2, ETH_P_IPV6, 0}) {
    CAPTURE(ether_type);
    arp.ether_type = static_cast<std::uint16_t>(ether_type);
    CHECK_FALSE(accepts(arp));
  }
  CHECK_FALSE(accepts({ETH_P_IP, ipv6(6, ports(80, 40000)).bytes}));
}

TEST_CASE("a packet that is cut off anywhere is refused or accepted, never overrun") {
  for (const Packet& whole : {ipv4(6, ports(80, 40000)), ipv6(6, ports(80, 40000))}) {
    const std::size_t header = whole.ether_type == ETH_P_IP ? 20 : 40;
    for (std::size_t size = 0; size < whole.bytes.size(); ++size) {
      CAPTURE(size);
      const Packet cut{whole.ether_type, Octets(whole.bytes.begin(), whole.bytes.begin() + static_cast<int>(size))};
      CHECK(accepts(cut) == (size >= header + 4));
    }
  }
}

TEST_CASE("the kernel takes the programs") {
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) == 0);
  const UniqueFd left(pair[0]);
  const UniqueFd right(pair[1]);
  CHECK(attach_filter(left.get(), tcp_ports_and_icmp_filter(1, 65535)).has_value());
  CHECK(attach_filter(left.get(), reject_all_filter()).has_value());
  (void)::send(right.get(), "x", 1, MSG_DONTWAIT);  // some kernels tell the sender, some do not
  char byte;
  CHECK(::recv(left.get(), &byte, 1, MSG_DONTWAIT) < 0);
  CHECK_FALSE(attach_filter(-1, reject_all_filter()).has_value());
}
