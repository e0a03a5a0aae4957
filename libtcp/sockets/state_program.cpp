// SPDX-License-Identifier: MIT
// The program; in C it would be
//
//   struct net *net;
//   __u32 number;
//   if (bpf_probe_read_kernel(&net, 8, &((struct sock_common *)ctx->skaddr)->skc_net)) return 1;
//   if (bpf_probe_read_kernel(&number, 4, &net->ns.inum)) return 1;
//   if (number == NUMBER) bpf_perf_event_output(ctx, &output, BPF_F_CURRENT_CPU, copy of ctx, its length);
//   return 1;
//
// The first eight bytes of a record are not the program's to read; nobody needs them.
#include "libtcp/sockets/state_program.hpp"

#include <array>

#include "libtcp/net/kernel_types.hpp"
#include "libtcp/sockets/bpf_code.hpp"

namespace tcp::sockets {
namespace {

using Kind = net::KernelTypeKind;

enum TypeIndex : std::uint8_t { socket_type, net_type, common_type };
constexpr std::array<net::KernelTypeName, 3> kTypes{
    {{Kind::structure, "sock_common"}, {Kind::structure, "net"}, {Kind::structure, "ns_common"}}};

using enum BpfRegister;
constexpr BpfRegister kContext = r6;

constexpr std::int16_t kNet = -8;      // in the frame: the pointer, and
constexpr std::int16_t kNumber = -16;  // the namespace's number; below it the copy
constexpr std::size_t kReserved = 8;
constexpr std::size_t kLongest = 400;  // the frame has 512 bytes

class Code : public BpfCode {
 public:
  void frame_address(BpfRegister to, std::int16_t at) {
    copy(to, frame);
    add(to, at);
  }
  // frame[at] = *(r3 + offset), or the end.
  void read_kernel(std::int16_t at, std::int32_t bytes, std::uint32_t offset) {
    add(r3, static_cast<std::int32_t>(offset));
    frame_address(r1, at);
    set(r2, bytes);
    call(BPF_FUNC_probe_read_kernel);
    end_if(BPF_JMP | BPF_JNE | BPF_K, r0, 0);
  }
};

struct Offsets {
  std::uint32_t net = 0;     // of the pointer, in the socket
  std::uint32_t number = 0;  // in what it points to
};

Result<Offsets> find_offsets(std::span<const std::uint8_t> kernel_types) {
  TCP_TRY_ASSIGN(types, net::KernelTypes::parse(kernel_types, kTypes));
  TCP_TRY_ASSIGN(net, types.offset_of(socket_type, "skc_net"));
  TCP_TRY_ASSIGN(common, types.offset_of(net_type, "ns"));
  TCP_TRY_ASSIGN(number, types.offset_of(common_type, "inum"));
  return Offsets{net, common + number};
}

void write_selection(Code& code, const Offsets& offsets, std::size_t socket_offset, std::uint32_t wanted) {
  code.copy(kContext, r1);
  code.emit(BPF_LDX | BPF_MEM | BPF_DW, r3, kContext, static_cast<std::int16_t>(socket_offset), 0);
  code.read_kernel(kNet, sizeof(std::uint64_t), offsets.net);
  code.emit(BPF_LDX | BPF_MEM | BPF_DW, r3, frame, kNet, 0);
  code.read_kernel(kNumber, sizeof(std::uint32_t), offsets.number);
  code.emit(BPF_LDX | BPF_MEM | BPF_W, r1, frame, kNumber, 0);
  code.end_if(BPF_JMP32 | BPF_JNE | BPF_K, r1, static_cast<std::int32_t>(wanted));
}

void write_output(Code& code, std::size_t length, int output) {
  const auto copy = static_cast<std::int16_t>(kNumber - static_cast<int>((length + 7) / 8 * 8));
  code.emit(BPF_ST | BPF_MEM | BPF_DW, frame, r0, copy, 0);
  for (std::size_t at = kReserved; at < length; at += sizeof(std::uint32_t)) {
    const auto offset = static_cast<std::int16_t>(at);
    code.emit(BPF_LDX | BPF_MEM | BPF_W, r1, kContext, offset, 0);
    code.emit(BPF_STX | BPF_MEM | BPF_W, frame, r1, static_cast<std::int16_t>(copy + offset), 0);
  }
  code.copy(r1, kContext);
  code.emit(BPF_LD | BPF_IMM | BPF_DW, r2, BpfRegister{BPF_PSEUDO_MAP_FD}, 0, output);
  code.emit(0, r0, r0, 0, 0);                           // the upper half of the map's number
  code.emit(BPF_ALU | BPF_MOV | BPF_K, r3, r0, 0, -1);  // BPF_F_CURRENT_CPU: 32 bits
  code.frame_address(r4, copy);
  code.set(r5, static_cast<std::int32_t>(length));
  code.call(BPF_FUNC_perf_event_output);
}

}  // namespace

Result<std::vector<bpf_insn>> make_state_program(std::span<const std::uint8_t> kernel_types,
                                                 const StateRecordFormat& format, std::uint32_t network_namespace,
                                                 int output) {
  const std::size_t length = format.length();
  if (length % sizeof(std::uint32_t) != 0 || length > kLongest || format.socket_offset() < kReserved) {
    return make_error(Errc::unsupported, "make a BPF program", "the tracepoint's format");
  }
  TCP_TRY_ASSIGN(offsets, find_offsets(kernel_types));
  Code code;
  write_selection(code, offsets, format.socket_offset(), network_namespace);
  write_output(code, length, output);
  return code.finish(1);
}

}  // namespace tcp::sockets
