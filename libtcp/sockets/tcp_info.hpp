// SPDX-License-Identifier: MIT
// What the running kernel says of one TCP connection: struct tcp_info (tcp(7), TCP_INFO; linux/tcp.h), of whatever
// length this kernel has it. Read by a table of its own, so that fields newer than the build's headers are told as
// well.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace tcp::sockets {

enum class TcpInfoUnit : std::uint8_t {
  count,
  segments,
  bytes,
  bytes_per_second,
  microseconds,
  milliseconds,
  flags,
};

struct TcpInfoField {
  std::string_view name;  // the kernel's, without tcpi_: "rtt", "snd_cwnd"
  TcpInfoUnit unit = TcpInfoUnit::count;
  std::uint16_t offset = 0;  // bytes from the beginning of struct tcp_info
  std::uint8_t width = 4;    // bytes: 1, 2, 4 or 8
  std::uint8_t shift = 0;    // of a bit field, from the lowest bit
  std::uint8_t bits = 0;     // of a bit field; 0: the whole width
  std::uint64_t none = 0;    // the value that says that there is none; 0: all are values
};

// In the kernel's order, the newest last.
[[nodiscard]] std::span<const TcpInfoField> tcp_info_fields();
// By name; null when there is none.
[[nodiscard]] const TcpInfoField* find_tcp_info_field(std::string_view name);

// One field of a struct of this kind. Nothing when the bytes end before it, or its value says that there is none.
[[nodiscard]] inline std::optional<std::uint64_t> read_field(std::span<const std::uint8_t> bytes,
                                                             const TcpInfoField& field) noexcept {
  if (std::size_t{field.offset} + field.width > bytes.size()) return std::nullopt;
  const auto load = [at = bytes.data() + field.offset]<class T>(T value) {
    std::memcpy(&value, at, sizeof value);
    return std::uint64_t{value};
  };
  std::uint64_t value = 0;
  switch (field.width) {
    case 1: value = load(std::uint8_t{}); break;
    case 2: value = load(std::uint16_t{}); break;
    case 4: value = load(std::uint32_t{}); break;
    default: value = load(std::uint64_t{}); break;
  }
  if (field.bits != 0) value = value >> field.shift & ((1U << field.bits) - 1);
  if (field.none != 0 && value == field.none) return std::nullopt;
  return value;
}

[[nodiscard]] const TcpInfoField* find_field(std::span<const TcpInfoField> fields, std::string_view name);

// A struct of the kernel's that only ever grows at its end; of its bytes the first `most` are kept, what a later kernel
// adds beyond is not.
template <std::size_t most>
class GrowingStruct {
 public:
  static constexpr std::size_t kMost = most;

  // Copies what fits; bytes of untrusted length.
  void assign(std::span<const std::uint8_t> bytes) noexcept {
    size_ = static_cast<std::uint16_t>(std::min(bytes.size(), most));
    std::memcpy(bytes_.data(), bytes.data(), size_);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }  // bytes; 0: the kernel told nothing
  [[nodiscard]] std::optional<std::uint64_t> get(const TcpInfoField& field) const noexcept {
    return read_field(std::span(bytes_).first(size_), field);
  }

 private:
  std::uint16_t size_ = 0;
  std::array<std::uint8_t, most> bytes_;  // the first size_ of them are set
};

// There is none for: no round trip measured, no threshold found yet, pacing without a limit.
class TcpInfo : public GrowingStruct<512> {
 public:
  using GrowingStruct::get;
  [[nodiscard]] std::optional<std::uint64_t> get(std::string_view name) const;
};

}  // namespace tcp::sockets
