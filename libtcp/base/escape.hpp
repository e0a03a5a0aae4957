// SPDX-License-Identifier: MIT
// Any bytes in a word that people can type and read, as C writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"

namespace tcp {

// The bytes that `text` stands for: \r \n \t \e \0 \\ \xHH, everything else is itself. Errors: a backslash that begins
// nothing of these, named with what would be right.
[[nodiscard]] Result<std::string> parse_escapes(std::string_view text);

// The other way round; what is not printable ASCII is escaped.
[[nodiscard]] std::string escape(std::string_view bytes);

// RFC 3986 §2.1. Nothing: a percent sign without two digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace tcp
