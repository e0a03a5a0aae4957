// SPDX-License-Identifier: MIT
// The constant tables that packaging/generate_registry.py writes: numbers and offsets only, so that the binary holds
// them ready to use, without relocations or work at start-up.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tcp::ports::data {

// One record of the registry. Sorted by first port, last port and protocol; records without a port come last.
struct Row {
  std::uint32_t name;         // text offset; the empty text when the record has none
  std::uint32_t description;  // text offset
  std::uint16_t first;
  std::uint16_t last;
  std::uint16_t reach;    // the highest `last` of this row and all before it: where a walk back may stop
  std::uint16_t remark;   // index; 0 is an empty one
  std::uint8_t protocol;  // 0 when the record names none, otherwise 1 + Protocol
};

// What few records have; text offsets.
struct Remark {
  std::uint32_t note;
  std::uint32_t unauthorized_use;
  std::uint32_t reference;
};

[[nodiscard]] std::span<const Row> rows() noexcept;
[[nodiscard]] std::span<const Row> rows_with_port() noexcept;
// Indices of the named rows, sorted by name without regard to ASCII case.
[[nodiscard]] std::span<const std::uint16_t> rows_by_name() noexcept;
[[nodiscard]] std::span<const Remark> remarks() noexcept;
[[nodiscard]] std::string_view text_at(std::uint32_t offset) noexcept;
// Of the newest record, "YYYY-MM-DD".
[[nodiscard]] std::string_view date() noexcept;

}  // namespace tcp::ports::data
