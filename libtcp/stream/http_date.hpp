// SPDX-License-Identifier: MIT
// Dates as HTTP writes them (RFC 9110 §5.6.7).
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace tcp::stream {

// "Sun, 06 Nov 1994 08:49:37 GMT"; seconds since 1970.
[[nodiscard]] std::string format_http_date(std::time_t time);
// That, or one of the two obsolete forms. Nothing: none of them.
[[nodiscard]] std::optional<std::time_t> parse_http_date(std::string_view text);

}  // namespace tcp::stream
