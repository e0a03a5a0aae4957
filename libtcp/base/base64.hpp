// SPDX-License-Identifier: MIT
// base64 (RFC 4648 §4), with its padding.
#pragma once

#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"

namespace tcp {

[[nodiscard]] std::string to_base64(std::string_view bytes);

// Errors: malformed. The bits that the last digit has beyond the bytes may be any.
[[nodiscard]] Result<std::string> from_base64(std::string_view text);

}  // namespace tcp
