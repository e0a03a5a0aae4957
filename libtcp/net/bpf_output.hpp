// SPDX-License-Identifier: MIT
// The calls of bpf(2) for a program at a tracepoint that hands records to rings of perf_event_open(2).
#pragma once

#include <linux/bpf.h>

#include <span>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::net {

// One place a processor, for the descriptor of its ring.
[[nodiscard]] Result<UniqueFd> make_bpf_output_map(unsigned processors);
[[nodiscard]] Result<void> set_bpf_output(int map, unsigned processor, int ring);

// `license` must be one that the helpers accept which the program calls. Errors: the kernel's.
[[nodiscard]] Result<UniqueFd> load_tracepoint_program(std::span<const bpf_insn> program, const char* license);

}  // namespace tcp::net
