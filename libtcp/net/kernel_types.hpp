// SPDX-License-Identifier: MIT
// What the running kernel's own types look like (BTF), as far as a BPF program must know it: the IDs of a few types and
// where their members are. Reads the bytes in place and remembers little: the kernel has some 150,000 types.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"

namespace tcp::net {

enum class KernelTypeKind : std::uint8_t { structure, function };

struct KernelTypeName {
  KernelTypeKind kind = KernelTypeKind::structure;
  std::string_view name;
};

class KernelTypes {
 public:
  // Walks all types once. `bytes` (/sys/kernel/btf/vmlinux) must stay as long as this does.
  // Errors: malformed; unsupported for a kind of type that is newer than this.
  [[nodiscard]] static Result<KernelTypes> parse(std::span<const std::uint8_t> bytes,
                                                 std::span<const KernelTypeName> wanted);

  // The type ID of wanted[index]; the first of several with that name. Errors: not_found.
  [[nodiscard]] Result<std::uint32_t> id_of(std::size_t index) const;
  // In bytes from the beginning of the structure wanted[index], also within its anonymous members.
  // Errors: not_found, also for a bit field.
  [[nodiscard]] Result<std::uint32_t> offset_of(std::size_t index, std::string_view member) const;

 private:
  struct Found {
    KernelTypeName name;
    std::uint32_t id = 0;  // 0 (void): not there
  };
  struct Type;

  KernelTypes() = default;
  [[nodiscard]] Result<void> walk();
  void note(const Type& type);
  [[nodiscard]] Result<Type> type_at(std::size_t offset, std::uint32_t id) const;
  [[nodiscard]] Result<Type> type_of(std::uint32_t id) const;
  [[nodiscard]] bool is_called(std::uint32_t name_offset, std::string_view name) const;
  struct Search;
  [[nodiscard]] Result<std::uint32_t> find_member(Search& search, std::uint32_t structure, unsigned depth) const;

  std::span<const std::uint8_t> types_;
  std::span<const std::uint8_t> names_;
  std::vector<Found> found_;
  std::vector<std::uint32_t> marks_;  // where every kMarkDistance-th type begins
};

}  // namespace tcp::net
