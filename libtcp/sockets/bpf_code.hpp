// SPDX-License-Identifier: MIT
// A BPF program (bpf(2)) as it is written down, instruction after instruction, with one end that its tests jump to.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tcp::sockets {

// r1 to r5 are arguments and are lost in a call, r6 to r9 are kept; r10 is the frame, which grows downwards.
enum class BpfRegister : std::uint8_t { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, frame };

class BpfCode {
 public:
  void emit(unsigned code, BpfRegister to, BpfRegister from, std::int16_t offset, std::int32_t value);
  void copy(BpfRegister to, BpfRegister from);
  void set(BpfRegister to, std::int32_t value);
  void add(BpfRegister to, std::int32_t value);
  void call(std::int32_t helper);
  // `code`: a jump (BPF_JMP | BPF_JEQ | BPF_K, …) that compares with a constant.
  void end_if(unsigned code, BpfRegister value, std::int32_t other);
  // The end, which returns `result`. Nothing is written after it.
  [[nodiscard]] std::vector<bpf_insn> finish(std::int32_t result);

 private:
  std::vector<bpf_insn> code_;
  std::vector<std::size_t> ends_;  // jumps whose distance is not known yet
};

}  // namespace tcp::sockets
