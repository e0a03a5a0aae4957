// SPDX-License-Identifier: MIT
// Hashes of the library behind TLS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"

namespace tcp::stream {

enum class DigestHash : std::uint8_t { md5, sha256 };

// In hexadecimal, lower case. Errors: a build without TLS; a library that has this hash forbidden.
[[nodiscard]] Result<std::string> hex_digest(DigestHash hash, std::string_view text);

}  // namespace tcp::stream
