// SPDX-License-Identifier: MIT
#include "libtcp/net/kernel_types.hpp"

#include <linux/btf.h>

#include <array>
#include <cstring>
#include <optional>
#include <string>

namespace tcp::net {
namespace {

constexpr const char* kAttempt = "read the types of the kernel";
constexpr std::size_t kMarkDistance = 64;
constexpr unsigned kMostNesting = 8;  // of anonymous structures and unions
constexpr std::uint32_t kBitFieldSizeShift = 24;

// What follows the btf_type of a kind: so many bytes, and so many for each of its `vlen` parts.
struct Extent {
  std::size_t fixed = 0;
  std::size_t each = 0;
};

constexpr std::optional<Extent> extent_of(unsigned kind) {
  switch (kind) {
    case BTF_KIND_PTR:
    case BTF_KIND_FWD:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FLOAT:
    case BTF_KIND_TYPE_TAG: return Extent{};
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG: return Extent{sizeof(std::uint32_t), 0};
    case BTF_KIND_ARRAY: return Extent{sizeof(btf_array), 0};
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION: return Extent{0, sizeof(btf_member)};
    case BTF_KIND_ENUM: return Extent{0, sizeof(btf_enum)};
    case BTF_KIND_FUNC_PROTO: return Extent{0, sizeof(btf_param)};
    case BTF_KIND_DATASEC: return Extent{0, sizeof(btf_var_secinfo)};
    case BTF_KIND_ENUM64: return Extent{0, sizeof(btf_enum64)};
    default: return std::nullopt;
  }
}

std::optional<std::span<const std::uint8_t>> section(std::span<const std::uint8_t> bytes, std::uint32_t offset,
                                                     std::uint32_t length) {
  if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(offset, length);
}

}  // namespace

// What is said of a type may be anything: the members that are looked at are counted.
struct KernelTypes::Search {
  std::string_view member;
  unsigned left = 10'000;
};

struct KernelTypes::Type {
  btf_type header{};
  std::uint32_t id = 0;
  std::span<const std::uint8_t> parts;
  std::size_t end = 0;  // where the next one begins

  [[nodiscard]] unsigned kind() const { return BTF_INFO_KIND(header.info); }
  [[nodiscard]] bool has_members() const { return kind() == BTF_KIND_STRUCT || kind() == BTF_KIND_UNION; }
};

Result<KernelTypes> KernelTypes::parse(std::span<const std::uint8_t> bytes, std::span<const KernelTypeName> wanted) {
  btf_header header{};
  if (bytes.size() < sizeof header) return make_error(Errc::malformed, kAttempt, "too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != BTF_MAGIC || header.version != BTF_VERSION || header.hdr_len > bytes.size())
    return make_error(Errc::malformed, kAttempt, "not BTF");
  const auto behind = bytes.subspan(header.hdr_len);
  const auto types = section(behind, header.type_off, header.type_len);
  const auto names = section(behind, header.str_off, header.str_len);
  if (!types || !names) return make_error(Errc::malformed, kAttempt, "a section reaches beyond the end");
  KernelTypes result;
  result.types_ = *types;
  result.names_ = *names;
  for (const KernelTypeName& name : wanted) result.found_.push_back({name, 0});
  TCP_TRY(result.walk());
  return result;
}

Result<void> KernelTypes::walk() {
  std::uint32_t id = 1;  // 0 is void and not written down
  for (std::size_t offset = 0; offset < types_.size(); ++id) {
    if ((id - 1) % kMarkDistance == 0) marks_.push_back(static_cast<std::uint32_t>(offset));
    TCP_TRY_ASSIGN(type, type_at(offset, id));
    note(type);
    offset = type.end;
  }
  return {};
}

void KernelTypes::note(const Type& type) {
  const unsigned kind = type.kind();
  if (kind != BTF_KIND_STRUCT && kind != BTF_KIND_FUNC) return;
  const KernelTypeKind wanted = kind == BTF_KIND_STRUCT ? KernelTypeKind::structure : KernelTypeKind::function;
  for (Found& found : found_) {
    if (found.id == 0 && found.name.kind == wanted && is_called(type.header.name_off, found.name.name))
      found.id = type.id;
  }
}

Result<KernelTypes::Type> KernelTypes::type_at(std::size_t offset, std::uint32_t id) const {
  Type type;
  if (types_.size() - offset < sizeof type.header) return make_error(Errc::malformed, kAttempt, "a type is cut off");
  std::memcpy(&type.header, types_.data() + offset, sizeof type.header);
  const auto extent = extent_of(type.kind());
  if (!extent) return make_error(Errc::unsupported, kAttempt, "a kind of type that is not known here");
  const std::size_t size = extent->fixed + extent->each * BTF_INFO_VLEN(type.header.info);
  const std::size_t begin = offset + sizeof type.header;
  if (types_.size() - begin < size) return make_error(Errc::malformed, kAttempt, "a type is cut off");
  type.id = id;
  type.parts = types_.subspan(begin, size);
  type.end = begin + size;
  return type;
}

Result<KernelTypes::Type> KernelTypes::type_of(std::uint32_t id) const {
  if (id == 0 || (id - 1) / kMarkDistance >= marks_.size())
    return make_error(Errc::malformed, kAttempt, "a type that is not there");
  const std::size_t mark = (id - 1) / kMarkDistance;
  auto at = static_cast<std::uint32_t>(mark * kMarkDistance + 1);
  TCP_TRY_ASSIGN(type, type_at(marks_[mark], at));
  while (at < id) {
    if (type.end >= types_.size()) return make_error(Errc::malformed, kAttempt, "a type that is not there");
    TCP_TRY_ASSIGN(next, type_at(type.end, ++at));
    type = next;
  }
  return type;
}

// Names end with a zero.
bool KernelTypes::is_called(std::uint32_t name_offset, std::string_view name) const {
  if (name_offset > names_.size() || names_.size() - name_offset <= name.size()) return false;
  const std::uint8_t* own = names_.data() + name_offset;
  return std::memcmp(own, name.data(), name.size()) == 0 && own[name.size()] == 0;
}

Result<std::uint32_t> KernelTypes::id_of(std::size_t index) const {
  if (found_[index].id != 0) return found_[index].id;
  return make_error(Errc::not_found, kAttempt, std::string(found_[index].name.name) + " is not there");
}

Result<std::uint32_t> KernelTypes::offset_of(std::size_t index, std::string_view member) const {
  TCP_TRY_ASSIGN(id, id_of(index));
  Search search{member};
  auto offset = find_member(search, id, 0);
  if (!offset && offset.error().is(Errc::not_found))
    offset.error().detail = std::string(found_[index].name.name) + '.' + offset.error().detail;
  return offset;
}

Result<std::uint32_t> KernelTypes::find_member(Search& search, std::uint32_t structure, unsigned depth) const {
  const auto missing = [&] {
    return make_error(Errc::not_found, kAttempt, std::string(search.member) + " is not there");
  };
  TCP_TRY_ASSIGN(type, type_of(structure));
  if (depth > kMostNesting || !type.has_members()) return missing();
  for (std::size_t at = 0; at < type.parts.size() && search.left > 0; at += sizeof(btf_member), --search.left) {
    btf_member part{};
    std::memcpy(&part, type.parts.data() + at, sizeof part);
    const bool bit_field = BTF_INFO_KFLAG(type.header.info) != 0 && part.offset >> kBitFieldSizeShift != 0;
    if (bit_field || part.offset % 8 != 0) continue;
    if (is_called(part.name_off, search.member)) return part.offset / 8;
    if (!is_called(part.name_off, "")) continue;
    auto within = find_member(search, part.type, depth + 1);
    if (within) return part.offset / 8 + *within;
    if (!within.error().is(Errc::not_found)) return within;
    if (search.left == 0) break;
  }
  return missing();
}

}  // namespace tcp::net
