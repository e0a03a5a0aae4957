// SPDX-License-Identifier: MIT
#include "libtcp/net/bpf.hpp"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cassert>

#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

constexpr std::uint32_t kEtherType = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL);
constexpr std::uint32_t kFragmentOffsetMask = 0x1fff;
constexpr std::uint32_t kIpv6HeaderLength = 40;

// RFC 792; what else ICMP has is old, or an error.
constexpr std::uint32_t kEchoReply = 0;
constexpr std::uint32_t kEchoRequest = 8;
constexpr std::uint32_t kFirstInformational = 128;  // RFC 4443 §2.1

// Every extension header that can stand before TCP.
constexpr std::array<std::uint32_t, 6> kHandedUpBehindIpv6{
    {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_FRAGMENT, IPPROTO_AH, IPPROTO_DSTOPTS, IPPROTO_MH}};

constexpr std::uint16_t kLoadByte = BPF_LD | BPF_B | BPF_ABS;
constexpr std::uint16_t kLoadHalf = BPF_LD | BPF_H | BPF_ABS;
constexpr std::uint16_t kLoadByteIndexed = BPF_LD | BPF_B | BPF_IND;
constexpr std::uint16_t kLoadHalfIndexed = BPF_LD | BPF_H | BPF_IND;
constexpr std::uint16_t kLoadIndexFromIhl = BPF_LDX | BPF_B | BPF_MSH;  // X = 4 * (packet[k] & 0xf)
constexpr std::uint16_t kLoadIndex = BPF_LDX | BPF_IMM;
constexpr std::uint16_t kAnd = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t kIfEqual = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t kIfAtLeast = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t kIfAbove = BPF_JMP | BPF_JGT | BPF_K;
constexpr std::uint16_t kIfAnyBit = BPF_JMP | BPF_JSET | BPF_K;

enum Label : std::uint8_t { next, icmp, ipv6, icmpv6, ports, other_port, accept, drop, label_count };

// Classic BPF jumps forward only and by count; labels are turned into counts at the end.
class Assembler {
 public:
  void emit(std::uint16_t code, std::uint32_t k) { program_.push_back({code, next, next, k}); }
  void jump(std::uint16_t code, std::uint32_t k, Label yes, Label no) { program_.push_back({code, yes, no, k}); }
  void mark(Label label) { positions_[label] = program_.size(); }

  BpfProgram finish() {
    for (std::size_t i = 0; i < program_.size(); ++i) {
      program_[i].jt = distance(i, program_[i].jt);
      program_[i].jf = distance(i, program_[i].jf);
    }
    return std::move(program_);
  }

 private:
  [[nodiscard]] std::uint8_t distance(std::size_t from, std::uint8_t label) const {
    if (label == next) return 0;
    assert(positions_[label] > from && positions_[label] - from - 1 <= 255);
    return static_cast<std::uint8_t>(positions_[label] - from - 1);
  }

  BpfProgram program_;
  std::array<std::size_t, label_count> positions_{};
};

// Leaves the offset of the TCP header in X.
void check_ipv4(Assembler& code) {
  code.emit(kLoadByte, 0);
  code.emit(kAnd, 0xf0);
  code.jump(kIfEqual, 0x40, next, drop);
  code.emit(kLoadByte, 9);
  code.jump(kIfEqual, IPPROTO_ICMP, icmp, next);
  code.jump(kIfEqual, IPPROTO_TCP, next, drop);
  code.emit(kLoadHalf, 6);
  code.jump(kIfAnyBit, kFragmentOffsetMask, accept, next);
  code.emit(kLoadIndexFromIhl, 0);
  code.jump(kIfAtLeast, 0, ports, ports);  // always
}

void check_icmp(Assembler& code) {
  code.mark(icmp);
  code.emit(kLoadHalf, 6);
  code.jump(kIfAnyBit, kFragmentOffsetMask, accept, next);
  code.emit(kLoadIndexFromIhl, 0);
  code.emit(kLoadByteIndexed, 0);
  code.jump(kIfEqual, kEchoReply, drop, next);
  code.jump(kIfEqual, kEchoRequest, drop, accept);
}

void check_ipv6(Assembler& code) {
  code.mark(ipv6);
  code.jump(kIfEqual, ETH_P_IPV6, next, drop);
  code.emit(kLoadByte, 0);
  code.emit(kAnd, 0xf0);
  code.jump(kIfEqual, 0x60, next, drop);
  code.emit(kLoadByte, 6);
  for (const std::uint32_t protocol : kHandedUpBehindIpv6) {
    code.jump(kIfEqual, protocol, accept, next);
  }
  code.jump(kIfEqual, IPPROTO_ICMPV6, icmpv6, next);
  code.emit(kLoadIndex, kIpv6HeaderLength);
  code.jump(kIfEqual, IPPROTO_TCP, ports, drop);
}

void check_icmpv6(Assembler& code) {
  code.mark(icmpv6);
  code.emit(kLoadByte, kIpv6HeaderLength);
  code.jump(kIfAtLeast, kFirstInformational, drop, accept);
}

void check_ports(Assembler& code, std::uint16_t first, std::uint16_t last) {
  code.mark(ports);
  code.emit(kLoadHalfIndexed, 0);
  code.jump(kIfAtLeast, first, next, other_port);
  code.jump(kIfAbove, last, next, accept);
  code.mark(other_port);
  code.emit(kLoadHalfIndexed, 2);
  code.jump(kIfAtLeast, first, next, drop);
  code.jump(kIfAbove, last, drop, accept);
}

}  // namespace

BpfProgram tcp_ports_and_icmp_filter(std::uint16_t first_port, std::uint16_t last_port, std::uint32_t snapshot_length) {
  Assembler code;
  code.emit(kLoadHalf, kEtherType);
  code.jump(kIfEqual, ETH_P_IP, next, ipv6);
  check_ipv4(code);
  check_icmp(code);
  check_ipv6(code);
  check_icmpv6(code);
  check_ports(code, first_port, last_port);
  code.mark(accept);
  code.emit(BPF_RET | BPF_K, snapshot_length);
  code.mark(drop);
  code.emit(BPF_RET | BPF_K, 0);
  return code.finish();
}

BpfProgram reject_all_filter() { return {{BPF_RET | BPF_K, 0, 0, 0}}; }

Result<void> attach_filter(int fd, const BpfProgram& program) {
  BpfProgram copy = program;  // the kernel only reads it, yet its struct wants it writable
  const sock_fprog filter{static_cast<unsigned short>(copy.size()), copy.data()};
  if (!set_option(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter)) return system_error("attach a packet filter");
  return {};
}

}  // namespace tcp::net
