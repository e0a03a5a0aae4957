// SPDX-License-Identifier: MIT
// Bytes as people read them, sixteen a line and at most 80 columns: a mark, the offset, hexadecimal, and what is
// printable ASCII of them. Nothing a terminal would obey.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "libtcp/stream/tap.hpp"

namespace tcp::stream {

// > 00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 0a        |Hello, world!.|
// `offset` is that of the first byte.
void append_hexdump(std::string& text, char mark, std::uint64_t offset, std::span<const std::byte> bytes);

// '>' for what is sent, '<' for what is received.
[[nodiscard]] constexpr char mark_of(Way way) noexcept { return way == Way::sent ? '>' : '<'; }

}  // namespace tcp::stream
