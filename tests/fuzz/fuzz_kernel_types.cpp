// SPDX-License-Identifier: MIT
// The types of a kernel that may be anything, and the program that is made for it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "libtcp/net/kernel_types.hpp"
#include "libtcp/sockets/holders_bpf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using tcp::net::KernelTypeKind;
  const std::span<const std::uint8_t> bytes(data, size);
  static constexpr std::array<tcp::net::KernelTypeName, 3> kWanted{
      {{KernelTypeKind::structure, "task"}, {KernelTypeKind::structure, "file"}, {KernelTypeKind::function, "task"}}};
  if (const auto types = tcp::net::KernelTypes::parse(bytes, kWanted)) {
    for (std::size_t i = 0; i < kWanted.size(); ++i) {
      const auto offset = types->offset_of(i, "comm");
      if (offset && !types->id_of(i)) std::abort();
    }
  }
  const auto program = tcp::sockets::make_task_file_program(bytes);
  if (program && (program->instructions.size() > 64 || program->target == 0)) std::abort();
  return 0;
}
