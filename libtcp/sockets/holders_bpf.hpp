// SPDX-License-Identifier: MIT
// Finds who holds sockets with a BPF iterator over the open files of all tasks (task_file): 0.3 µs a descriptor instead
// of some µs through /proc, after some ms to find out what the kernel's types look like.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/net/kernel_types.hpp"
#include "libtcp/sockets/holders_table.hpp"

namespace tcp::sockets {

// Why it cannot be used, as far as that is to be had for nothing: a missing capability; a PID namespace other than the
// first, whose process IDs the iterator does not know. Nothing: it is worth an attempt.
[[nodiscard]] std::optional<std::string> obstacle_to_bpf(const HolderOptions& options);

// Processes and descriptors of all wanted sockets (null: of all sockets). Errors: whatever the kernel has against it;
// `found` may then be filled in part.
[[nodiscard]] Result<void> find_holders_by_bpf(InodeSet* wanted, HolderCollector& found);

// What the program writes for each descriptor that is a socket.
struct TaskFileRecord {
  std::uint32_t inode = 0;
  std::uint32_t descriptor = 0;
  std::int32_t pid = 0;
  std::uint32_t user_id = 0;
  char name[16] = {};  // ends with a zero, but that is the kernel's word only
};
static_assert(sizeof(TaskFileRecord) == 32);

// The program for a kernel with these types, and the type ID of what it is for.
struct TaskFileProgram {
  std::vector<bpf_insn> instructions;
  std::uint32_t target = 0;
};
[[nodiscard]] Result<TaskFileProgram> make_task_file_program(std::span<const std::uint8_t> kernel_types);

}  // namespace tcp::sockets
