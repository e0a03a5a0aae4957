// SPDX-License-Identifier: MIT
#include "libtcp/stream/pattern_search.hpp"

#include <utility>

namespace tcp::stream {

PatternSearch::PatternSearch(std::string pattern) : pattern_(std::move(pattern)), borders_(pattern_.size() + 1) {
  std::size_t border = 0;
  for (std::size_t size = 1; size < pattern_.size(); ++size) {
    while (border > 0 && pattern_[border] != pattern_[size]) border = borders_[border];
    if (pattern_[border] == pattern_[size]) ++border;
    borders_[size + 1] = border;
  }
}

std::optional<std::size_t> PatternSearch::feed(std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const char byte = static_cast<char>(bytes[at]);
    while (matched_ > 0 && pattern_[matched_] != byte) matched_ = borders_[matched_];
    if (pattern_[matched_] == byte) ++matched_;
    if (matched_ < pattern_.size()) continue;
    matched_ = 0;
    return at + 1;
  }
  return std::nullopt;
}

}  // namespace tcp::stream
