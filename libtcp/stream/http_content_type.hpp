// SPDX-License-Identifier: MIT
// What a file is, by the end of its name.
#pragma once

#include <string_view>

namespace tcp::stream {

// "text/html; charset=utf-8"; application/octet-stream where nothing is known.
[[nodiscard]] std::string_view content_type_of(std::string_view name) noexcept;

}  // namespace tcp::stream
