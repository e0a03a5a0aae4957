// SPDX-License-Identifier: MIT
#include "libtcp/net/bpf_output.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <bit>

namespace tcp::net {
namespace {

int bpf(bpf_cmd command, bpf_attr& attributes) {
  return static_cast<int>(::syscall(SYS_bpf, command, &attributes, sizeof attributes));
}

std::uint64_t address_of(const void* pointer) { return std::bit_cast<std::uintptr_t>(pointer); }

}  // namespace

Result<UniqueFd> make_bpf_output_map(unsigned processors) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_PERF_EVENT_ARRAY;
  attributes.key_size = sizeof(std::uint32_t);
  attributes.value_size = sizeof(std::uint32_t);
  attributes.max_entries = processors;
  UniqueFd fd(bpf(BPF_MAP_CREATE, attributes));
  if (!fd) return system_error("make a BPF map");
  return fd;
}

Result<void> set_bpf_output(int map, unsigned processor, int ring) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(map);
  attributes.key = address_of(&processor);
  attributes.value = address_of(&ring);
  if (bpf(BPF_MAP_UPDATE_ELEM, attributes) != 0) return system_error("fill a BPF map");
  return {};
}

Result<UniqueFd> load_tracepoint_program(std::span<const bpf_insn> program, const char* license) {
  bpf_attr attributes{};
  attributes.prog_type = BPF_PROG_TYPE_TRACEPOINT;
  attributes.insns = address_of(program.data());
  attributes.insn_cnt = static_cast<std::uint32_t>(program.size());
  attributes.license = address_of(license);
  UniqueFd fd(bpf(BPF_PROG_LOAD, attributes));
  if (!fd) return system_error("load a BPF program");
  return fd;
}

}  // namespace tcp::net
