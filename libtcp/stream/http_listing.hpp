// SPDX-License-Identifier: MIT
// A directory as a page of HTML.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "libtcp/stream/served_directory.hpp"

namespace tcp::stream {

// `name`: the directory's, relative; empty for the one at the top, which has no way up.
[[nodiscard]] std::string make_http_listing(std::string_view name, std::span<const DirectoryEntry> entries);

}  // namespace tcp::stream
