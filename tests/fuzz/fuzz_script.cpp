// SPDX-License-Identifier: MIT
// Texts of a script: what is found does not depend on the pieces that the stream comes in, and escapes come back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/escape.hpp"
#include "libtcp/stream/pattern_search.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using tcp::fuzz::require;

std::vector<std::size_t> ends(const std::string& pattern, std::string_view stream, std::size_t at_a_time) {
  tcp::stream::PatternSearch search(pattern);
  std::vector<std::size_t> found;
  for (std::size_t from = 0; from < stream.size(); from += at_a_time) {
    std::string_view piece = stream.substr(from, at_a_time);
    const std::size_t end = from + piece.size();
    while (const auto taken = search.feed(std::as_bytes(std::span(piece)))) {
      require(*taken > 0 && *taken <= piece.size());
      piece.remove_prefix(*taken);
      found.push_back(end - piece.size());
    }
  }
  return found;
}

}  // namespace

// The first byte: how long the pattern is; then the pattern, then the stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  require(tcp::parse_escapes(tcp::escape(text)).value() == text);
  const auto bytes = tcp::parse_escapes(text);
  if (bytes) require(tcp::parse_escapes(tcp::escape(*bytes)).value() == *bytes);
  if (size < 2 || data[0] == 0) return 0;
  const std::string pattern(text.substr(1, data[0]));
  const std::string_view stream = text.substr(1 + pattern.size());
  const auto found = ends(pattern, stream, std::max<std::size_t>(stream.size(), 1));
  require(ends(pattern, stream, 1) == found);
  require(ends(pattern, stream, 3) == found);
  require(found.empty() == (stream.find(pattern) == std::string_view::npos));
  for (const std::size_t end : found) require(stream.substr(0, end).ends_with(pattern));
  return 0;
}
