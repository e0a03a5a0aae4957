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

namespace tcp::sockets {
namespace {

using Kind = net::KernelTypeKind;

enum TypeIndex : std::uint8_t { socket_type, net_type, common_type };
constexpr std::array<net::KernelTypeName, 3> kTypes{
    {{Kind::structure, "sock_common"}, {Kind::structure, "net"}, {Kind::structure, "ns_common"}}};

enum Register : std::uint8_t { r0, r1, r2, r3, r4, r5, kContext = 6, kFrame = 10 };

constexpr std::int16_t kNet = -8;      // in the frame: the pointer, and
constexpr std::int16_t kNumber = -16;  // the namespace's number; below it the copy
constexpr std::size_t kReserved = 8;
constexpr std::size_t kLongest = 400;  // the frame has 512 bytes

class Code {
 public:
  void emit(unsigned code, Register to, Register from, std::int16_t offset, std::int32_t value) {
    bpf_insn instruction{};
    instruction.code = static_cast<std::uint8_t>(code);
    instruction.dst_reg = to & 0xfU;
    instruction.src_reg = from & 0xfU;
    instruction.off = offset;
    instruction.imm = value;
    code_.push_back(instruction);
  }
  void copy(Register to, Register from) { emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void add(Register to, std::int32_t value) { emit(BPF_ALU64 | BPF_ADD | BPF_K, to, r0, 0, value); }
  void frame_address(Register to, std::int16_t at) {
    copy(to, kFrame);
    add(to, at);
  }
  // frame[at] = *(r3 + offset), or the end.
  void read_kernel(std::int16_t at, std::int32_t bytes, std::uint32_t offset) {
    add(r3, static_cast<std::int32_t>(offset));
    frame_address(r1, at);
    emit(BPF_ALU64 | BPF_MOV | BPF_K, r2, r0, 0, bytes);
    emit(BPF_JMP | BPF_CALL, r0, r0, 0, BPF_FUNC_probe_read_kernel);
    end_if(BPF_JMP | BPF_JNE | BPF_K, r0, 0);
  }
  void end_if(unsigned code, Register value, std::int32_t other) {
    ends_.push_back(code_.size());
    emit(code, value, r0, 0, other);
  }
  // Returns 1.
  std::vector<bpf_insn> finish() {
    for (const std::size_t from : ends_) code_[from].off = static_cast<std::int16_t>(code_.size() - from - 1);
    emit(BPF_ALU64 | BPF_MOV | BPF_K, r0, r0, 0, 1);
    emit(BPF_JMP | BPF_EXIT, r0, r0, 0, 0);
    return std::move(code_);
  }

 private:
  std::vector<bpf_insn> code_;
  std::vector<std::size_t> ends_;
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
  code.emit(BPF_LDX | BPF_MEM | BPF_DW, r3, kFrame, kNet, 0);
  code.read_kernel(kNumber, sizeof(std::uint32_t), offsets.number);
  code.emit(BPF_LDX | BPF_MEM | BPF_W, r1, kFrame, kNumber, 0);
  code.end_if(BPF_JMP32 | BPF_JNE | BPF_K, r1, static_cast<std::int32_t>(wanted));
}

void write_output(Code& code, std::size_t length, int output) {
  const auto copy = static_cast<std::int16_t>(kNumber - static_cast<int>((length + 7) / 8 * 8));
  code.emit(BPF_ST | BPF_MEM | BPF_DW, kFrame, r0, copy, 0);
  for (std::size_t at = kReserved; at < length; at += sizeof(std::uint32_t)) {
    const auto offset = static_cast<std::int16_t>(at);
    code.emit(BPF_LDX | BPF_MEM | BPF_W, r1, kContext, offset, 0);
    code.emit(BPF_STX | BPF_MEM | BPF_W, kFrame, r1, static_cast<std::int16_t>(copy + offset), 0);
  }
  code.copy(r1, kContext);
  code.emit(BPF_LD | BPF_IMM | BPF_DW, r2, Register{BPF_PSEUDO_MAP_FD}, 0, output);
  code.emit(0, r0, r0, 0, 0);                           // the upper half of the map's number
  code.emit(BPF_ALU | BPF_MOV | BPF_K, r3, r0, 0, -1);  // BPF_F_CURRENT_CPU: 32 bits
  code.frame_address(r4, copy);
  code.emit(BPF_ALU64 | BPF_MOV | BPF_K, r5, r0, 0, static_cast<std::int32_t>(length));
  code.emit(BPF_JMP | BPF_CALL, r0, r0, 0, BPF_FUNC_perf_event_output);
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
  return code.finish();
}

}  // namespace tcp::sockets
