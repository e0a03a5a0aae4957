// SPDX-License-Identifier: MIT
// A BPF iterator: a small program that the kernel runs for each of its objects of a kind and whose output is read like
// a file. Made of bare bpf(2) calls: libbpf would cost its start-up, and a library, for one program of some
// instructions.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/kernel_types.hpp"

namespace tcp::net {

// /sys/kernel/btf/vmlinux in memory.
class KernelTypeBytes {
 public:
  // Errors: the kernel's; unsupported when it is larger than could be true.
  [[nodiscard]] static Result<KernelTypeBytes> read(const char* path);
  KernelTypeBytes(KernelTypeBytes&& other) noexcept;
  KernelTypeBytes& operator=(KernelTypeBytes&&) = delete;
  ~KernelTypeBytes();

  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return bytes_; }

 private:
  explicit KernelTypeBytes(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::span<const std::uint8_t> bytes_;  // from mmap
};

using BpfInstructions = std::vector<bpf_insn>;

// Loads a program of type tracing for an iterator, whose function has the type ID `target`, and opens its output: read
// it to the end. `license` must be one that the helpers accept which the program calls.
// Errors: not_permitted, the kernel's.
[[nodiscard]] Result<UniqueFd> open_bpf_iterator(std::span<const bpf_insn> program, std::uint32_t target,
                                                 const char* license);

}  // namespace tcp::net
