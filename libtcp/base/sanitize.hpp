// SPDX-License-Identifier: MIT
// Text from outside made safe to show.
#pragma once

#include <string>
#include <string_view>

namespace tcp {

// Every byte that is no part of valid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string to_valid_utf8(std::string_view text);

// For a terminal: control characters (C0, DEL, C1), bidirectional overrides and invisible format characters are written
// as \x1b or \u202e; a backslash stays. Broken UTF-8 becomes U+FFFD.
[[nodiscard]] std::string sanitize(std::string_view text);

}  // namespace tcp
