// SPDX-License-Identifier: MIT
#include "libtcp/sockets/bpf_code.hpp"

#include <utility>

namespace tcp::sockets {

using enum BpfRegister;

void BpfCode::emit(unsigned code, BpfRegister to, BpfRegister from, std::int16_t offset, std::int32_t value) {
  bpf_insn instruction{};
  instruction.code = static_cast<std::uint8_t>(code);
  instruction.dst_reg = static_cast<std::uint8_t>(to) & 0xfU;
  instruction.src_reg = static_cast<std::uint8_t>(from) & 0xfU;
  instruction.off = offset;
  instruction.imm = value;
  code_.push_back(instruction);
}

void BpfCode::copy(BpfRegister to, BpfRegister from) { emit(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
void BpfCode::set(BpfRegister to, std::int32_t value) { emit(BPF_ALU64 | BPF_MOV | BPF_K, to, r0, 0, value); }
void BpfCode::add(BpfRegister to, std::int32_t value) { emit(BPF_ALU64 | BPF_ADD | BPF_K, to, r0, 0, value); }
void BpfCode::call(std::int32_t helper) { emit(BPF_JMP | BPF_CALL, r0, r0, 0, helper); }

void BpfCode::end_if(unsigned code, BpfRegister value, std::int32_t other) {
  ends_.push_back(code_.size());
  emit(code, value, r0, 0, other);
}

std::vector<bpf_insn> BpfCode::finish(std::int32_t result) {
  for (const std::size_t from : ends_) code_[from].off = static_cast<std::int16_t>(code_.size() - from - 1);
  set(r0, result);
  emit(BPF_JMP | BPF_EXIT, r0, r0, 0, 0);
  return std::move(code_);
}

}  // namespace tcp::sockets
