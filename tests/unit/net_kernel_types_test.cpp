// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/btf.h>

#include <array>
#include <cstring>

#include "libtcp/net/bpf_iterator.hpp"
#include "libtcp/net/kernel_types.hpp"

using namespace tcp;
using namespace tcp::net;

namespace {

struct Member {
  std::string name;
  std::uint32_t type = 0;
  std::uint32_t bit_offset = 0;
};

// Writes BTF as a kernel would.
class Writer {
 public:
  std::uint32_t integer() { return add("int", BTF_KIND_INT, 0, 4, {0x20}); }
  std::uint32_t function(const std::string& name) { return add(name, BTF_KIND_FUNC, 0, 1, {}); }
  std::uint32_t other(std::uint32_t kind, std::uint32_t parts, std::vector<std::uint32_t> words) {
    return add("", kind, parts, 0, words);
  }
  std::uint32_t structure(const std::string& name, const std::vector<Member>& members, bool bit_fields = false,
                          std::uint32_t kind = BTF_KIND_STRUCT) {
    std::vector<std::uint32_t> words;
    for (const Member& member : members) {
      words.push_back(intern(member.name));
      words.push_back(member.type);
      words.push_back(member.bit_offset);
    }
    const auto count = static_cast<std::uint32_t>(members.size()) | (bit_fields ? 1U << 31U : 0U);
    return add(name, kind, count, 0, words);
  }
  [[nodiscard]] std::vector<std::uint8_t> finish() const {
    btf_header header{};
    header.magic = BTF_MAGIC;
    header.version = BTF_VERSION;
    header.hdr_len = sizeof header;
    header.type_len = static_cast<std::uint32_t>(types_.size() * 4);
    header.str_off = header.type_len;
    header.str_len = static_cast<std::uint32_t>(names_.size());
    std::vector<std::uint8_t> bytes(sizeof header + types_.size() * 4);
    std::memcpy(bytes.data(), &header, sizeof header);
    std::memcpy(bytes.data() + sizeof header, types_.data(), types_.size() * 4);
    bytes.insert(bytes.end(), names_.begin(), names_.end());
    return bytes;
  }

 private:
  std::uint32_t intern(const std::string& name) {
    if (name.empty()) return 0;
    const std::size_t at = names_.size();
    names_ += name;
    names_ += '\0';
    return static_cast<std::uint32_t>(at);
  }
  std::uint32_t add(const std::string& name, std::uint32_t kind, std::uint32_t parts, std::uint32_t size,
                    const std::vector<std::uint32_t>& words) {
    types_.push_back(intern(name));
    types_.push_back(kind << 24U | parts);
    types_.push_back(size);
    types_.insert(types_.end(), words.begin(), words.end());
    return ++last_;
  }

  std::vector<std::uint32_t> types_;
  std::string names_ = std::string(1, '\0');
  std::uint32_t last_ = 0;
};

constexpr std::array<KernelTypeName, 3> kWanted{
    {{KernelTypeKind::structure, "task"}, {KernelTypeKind::function, "task"}, {KernelTypeKind::structure, "nothing"}}};

}  // namespace

TEST_CASE("types are found by kind and name, members by name") {
  Writer writer;
  const std::uint32_t number = writer.integer();
  const std::uint32_t function = writer.function("task");
  writer.structure("task_of_more", {{"comm", number, 0}});
  const std::uint32_t task = writer.structure("task", {{"tgid", number, 64}, {"comm", number, 128}});
  writer.structure("task", {{"tgid", number, 0}});
  const auto bytes = writer.finish();
  const auto types = KernelTypes::parse(bytes, kWanted);
  REQUIRE(types);
  CHECK(types->id_of(0) == task);
  CHECK(types->id_of(1) == function);
  CHECK(types->id_of(2).error().is(Errc::not_found));
  CHECK(types->offset_of(0, "tgid") == 8U);
  CHECK(types->offset_of(0, "comm") == 16U);
  CHECK(types->offset_of(0, "com").error().message() == "read the types of the kernel: task.com is not there");
  CHECK(types->offset_of(1, "tgid").error().is(Errc::not_found));
}

TEST_CASE("members of anonymous structures and unions count from the outermost") {
  Writer writer;
  const std::uint32_t number = writer.integer();
  const std::uint32_t inner = writer.structure("", {{"a", number, 0}, {"b", number, 32}}, false, BTF_KIND_UNION);
  const std::uint32_t middle = writer.structure("", {{"c", number, 0}, {"", inner, 64}});
  const std::uint32_t named = writer.structure("named", {{"d", number, 0}});
  for (int i = 0; i < 200; ++i) writer.function("between");  // more than one mark is kept
  writer.structure("task", {{"", middle, 128}, {"x", named, 512}});
  const auto bytes = writer.finish();
  const auto types = KernelTypes::parse(bytes, kWanted);
  REQUIRE(types);
  CHECK(types->offset_of(0, "c") == 16U);
  CHECK(types->offset_of(0, "b") == 28U);
  CHECK(types->offset_of(0, "d").error().is(Errc::not_found));
}

TEST_CASE("a bit field has no offset") {
  Writer writer;
  const std::uint32_t number = writer.integer();
  writer.structure("task", {{"flag", number, 1U << 24U | 8}, {"odd", number, 3}, {"whole", number, 32}}, true);
  const auto bytes = writer.finish();
  const auto types = KernelTypes::parse(bytes, kWanted);
  REQUIRE(types);
  CHECK(types->offset_of(0, "flag").error().is(Errc::not_found));
  CHECK(types->offset_of(0, "odd").error().is(Errc::not_found));
  CHECK(types->offset_of(0, "whole") == 4U);
}

TEST_CASE("every kind of type is as long as it is") {
  Writer writer;
  for (const std::uint32_t kind : {BTF_KIND_PTR, BTF_KIND_FWD, BTF_KIND_TYPEDEF, BTF_KIND_VOLATILE, BTF_KIND_CONST,
                                   BTF_KIND_RESTRICT, BTF_KIND_FLOAT, BTF_KIND_TYPE_TAG})
    writer.other(kind, 0, {});
  writer.other(BTF_KIND_VAR, 0, {1});
  writer.other(BTF_KIND_DECL_TAG, 0, {1});
  writer.other(BTF_KIND_ARRAY, 0, {1, 2, 3});
  writer.other(BTF_KIND_ENUM, 2, {1, 2, 3, 4});
  writer.other(BTF_KIND_FUNC_PROTO, 2, {1, 2, 3, 4});
  writer.other(BTF_KIND_DATASEC, 2, {1, 2, 3, 4, 5, 6});
  writer.other(BTF_KIND_ENUM64, 2, {1, 2, 3, 4, 5, 6});
  const std::uint32_t task = writer.structure("task", {});
  const auto bytes = writer.finish();
  const auto types = KernelTypes::parse(bytes, kWanted);
  REQUIRE(types);
  CHECK(types->id_of(0) == task);
}

TEST_CASE("what breaks the format is refused") {
  Writer writer;
  writer.structure("task", {{"a", 1, 0}, {"", 99, 0}});
  const auto bytes = writer.finish();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const std::vector<std::uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    const auto types = KernelTypes::parse(cut, kWanted);
    CHECK((!types && types.error().is(Errc::malformed)));
  }
  const auto types = KernelTypes::parse(bytes, kWanted);
  REQUIRE(types);
  CHECK(types->offset_of(0, "b").error().is(Errc::malformed));  // asks the type 99

  auto other = bytes;
  other[0] ^= 1U;
  CHECK(KernelTypes::parse(other, kWanted).error().is(Errc::malformed));
  other = bytes;
  other[sizeof(btf_header) + 7] = 31;  // a kind that is not known
  CHECK(KernelTypes::parse(other, kWanted).error().is(Errc::unsupported));
}

TEST_CASE("a structure within itself ends") {
  Writer writer;
  writer.structure("task", std::vector<Member>(1000, {"", 1, 0}));
  const auto bytes = writer.finish();
  const auto types = KernelTypes::parse(bytes, kWanted);
  REQUIRE(types);
  CHECK(types->offset_of(0, "a").error().is(Errc::not_found));
}

TEST_CASE("the running kernel's types") {
  const auto bytes = KernelTypeBytes::read("/sys/kernel/btf/vmlinux");
  if (!bytes) {
    MESSAGE("skipped: ", bytes.error().message());
    return;
  }
  constexpr std::array<KernelTypeName, 2> kNames{
      {{KernelTypeKind::structure, "sock"}, {KernelTypeKind::function, "tcp_connect"}}};
  const auto types = KernelTypes::parse(bytes->bytes(), kNames);
  REQUIRE(types);
  CHECK(types->offset_of(0, "__sk_common") == 0U);
  CHECK(types->offset_of(0, "sk_protocol").value_or(0) > 0);
  CHECK(types->id_of(1).value_or(0) > 0);
  CHECK_FALSE(KernelTypeBytes::read("/nonexistent"));
  CHECK(KernelTypeBytes::read("/dev/null").error().is(Errc::unsupported));
}
