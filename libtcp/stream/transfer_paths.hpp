// SPDX-License-Identifier: MIT
// Which names a transfer may make. Pure: nothing is looked up.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tcp::stream {

inline constexpr std::size_t kMostTransferPathBytes = 4095;  // PATH_MAX, less the NUL
inline constexpr std::size_t kMostTransferNameBytes = 255;   // NAME_MAX
inline constexpr std::size_t kMostTransferDepth = 100;

// Why no entry may be called that: "is absolute", "has '..' in it"; nothing when it may.
[[nodiscard]] std::optional<std::string_view> check_transfer_path(std::string_view path);

// Likewise of a link's text. It may lead up at its beginning only, and not beyond the top of the tree, where its own
// path begins: a link that goes up after a name could do so through another link.
[[nodiscard]] std::optional<std::string_view> check_link_target(std::string_view path, std::string_view target);

// Where a file of this name grows: ".NAME.tcpbox-part"; of a long name the beginning and a checksum.
[[nodiscard]] std::string partial_name(std::string_view name);

// The part behind the last '/'.
[[nodiscard]] std::string_view last_component(std::string_view path);
// The part before it, empty at the top.
[[nodiscard]] std::string_view parent_path(std::string_view path);

}  // namespace tcp::stream
