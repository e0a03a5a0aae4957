// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_content_type.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "libtcp/base/ascii.hpp"
#include "libtcp/stream/http_head.hpp"

namespace tcp::stream {
namespace {

using Row = std::pair<std::string_view, std::string_view>;

constexpr std::array kTypes{
    Row{"avif", "image/avif"},
    Row{"bz2", "application/x-bzip2"},
    Row{"css", "text/css; charset=utf-8"},
    Row{"csv", "text/csv; charset=utf-8"},
    Row{"gif", "image/gif"},
    Row{"gz", "application/gzip"},
    Row{"htm", "text/html; charset=utf-8"},
    Row{"html", "text/html; charset=utf-8"},
    Row{"ico", "image/vnd.microsoft.icon"},
    Row{"jpeg", "image/jpeg"},
    Row{"jpg", "image/jpeg"},
    Row{"js", "text/javascript; charset=utf-8"},
    Row{"json", "application/json"},
    Row{"log", "text/plain; charset=utf-8"},
    Row{"md", "text/markdown; charset=utf-8"},
    Row{"mjs", "text/javascript; charset=utf-8"},
    Row{"mp3", "audio/mpeg"},
    Row{"mp4", "video/mp4"},
    Row{"ogg", "audio/ogg"},
    Row{"pdf", "application/pdf"},
    Row{"png", "image/png"},
    Row{"svg", "image/svg+xml"},
    Row{"tar", "application/x-tar"},
    Row{"txt", "text/plain; charset=utf-8"},
    Row{"wasm", "application/wasm"},
    Row{"webm", "video/webm"},
    Row{"webp", "image/webp"},
    Row{"woff2", "font/woff2"},
    Row{"xml", "application/xml"},
    Row{"xz", "application/x-xz"},
    Row{"yaml", "application/yaml"},
    Row{"yml", "application/yaml"},
    Row{"zip", "application/zip"},
    Row{"zst", "application/zstd"},
};

}  // namespace

std::string_view content_type_of(std::string_view name) noexcept {
  const std::size_t dot = name.rfind('.');
  if (dot != std::string_view::npos) {
    const std::string_view end = name.substr(dot + 1);
    const auto* const row =
        std::ranges::find_if(kTypes, [&](const Row& each) { return equals_ignoring_case(each.first, end); });
    if (row != kTypes.end()) return row->second;
  }
  return "application/octet-stream";
}

}  // namespace tcp::stream
