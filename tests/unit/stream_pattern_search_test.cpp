// SPDX-License-Identifier: MIT
#include "libtcp/stream/pattern_search.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string_view>

using namespace tcp::stream;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// Where each occurrence ends, when the stream comes so many bytes at a time.
std::vector<std::size_t> ends(const std::string& pattern, std::string_view stream, std::size_t at_a_time) {
  PatternSearch search(pattern);
  std::vector<std::size_t> found;
  for (std::size_t from = 0; from < stream.size(); from += at_a_time) {
    std::string_view piece = stream.substr(from, at_a_time);
    const std::size_t end = from + piece.size();
    while (const auto taken = search.feed(bytes_of(piece))) {
      piece.remove_prefix(*taken);
      found.push_back(end - piece.size());
    }
  }
  return found;
}

std::vector<std::size_t> found_by_string(const std::string& pattern, std::string_view stream) {
  std::vector<std::size_t> found;
  for (std::size_t at = 0; (at = stream.find(pattern, at)) != std::string_view::npos;) {
    at += pattern.size();
    found.push_back(at);
  }
  return found;
}

}  // namespace

TEST_CASE("a text is found where it ends, in whatever pieces it comes") {
  for (const std::size_t at_a_time : {1U, 2U, 3U, 100U}) {
    CAPTURE(at_a_time);
    CHECK(ends("login: ", "host login: root\nlogin: ", at_a_time) == std::vector<std::size_t>{12, 24});
    CHECK(ends("aab", "aaaab", at_a_time) == std::vector<std::size_t>{5});
    CHECK(ends("abcabd", "abcabcabd", at_a_time) == std::vector<std::size_t>{9});
    CHECK(ends("aa", "aaaaa", at_a_time) == std::vector<std::size_t>{2, 4});  // none has part in two
    CHECK(ends(std::string("\0\n", 2), std::string_view("\0\0\n", 3), at_a_time) == std::vector<std::size_t>{3});
    CHECK(ends("login", "logi", at_a_time).empty());
  }
}

TEST_CASE("the same occurrences as std::string finds, in texts that repeat themselves") {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string pattern(1 + random() % 6, 'a');
    std::string stream(random() % 60, 'a');
    for (char& c : pattern) c = static_cast<char>('a' + random() % 2);
    for (char& c : stream) c = static_cast<char>('a' + random() % 2);
    CAPTURE(pattern);
    CAPTURE(stream);
    CHECK(ends(pattern, stream, 1 + random() % 5) == found_by_string(pattern, stream));
  }
}
