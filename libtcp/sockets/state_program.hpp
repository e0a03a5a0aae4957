// SPDX-License-Identifier: MIT
// The BPF program that picks, of all changes of state that the tracepoint sock:inet_sock_set_state tells, those of one
// network namespace.
#pragma once

#include <linux/bpf.h>

#include <cstdint>
#include <span>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/state_record.hpp"

namespace tcp::sockets {

// What its helpers ask for.
inline constexpr const char* kStateProgramLicense = "Dual MIT/GPL";

// `kernel_types`: /sys/kernel/btf/vmlinux. `network_namespace`: its inode number in /proc/PID/ns/net. `output`: the map
// that records go to, as the tracepoint's format has them. Errors: malformed or unsupported types or format.
[[nodiscard]] Result<std::vector<bpf_insn>> make_state_program(std::span<const std::uint8_t> kernel_types,
                                                               const StateRecordFormat& format,
                                                               std::uint32_t network_namespace, int output);

}  // namespace tcp::sockets
