// SPDX-License-Identifier: MIT
// A set of port numbers, kept as sorted intervals, and the words that people write for one.
//
//   22,80,8000-8100,imap,http*,-1024,60000-    "-" alone and "all" are 1-65535; an open end begins at 1 or ends at
//   65535
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libtcp/base/error.hpp"

namespace tcp::ports {

// Both ends belong to it.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  [[nodiscard]] constexpr bool contains(std::uint16_t port) const noexcept { return first <= port && port <= last; }
  [[nodiscard]] constexpr std::uint32_t count() const noexcept { return std::uint32_t{last} - first + 1; }
  friend constexpr auto operator<=>(const PortRange&, const PortRange&) noexcept = default;
};

// "443" or "8000-8100"
[[nodiscard]] std::string to_string(PortRange range);

class PortSet {
 public:
  class Iterator;

  PortSet() = default;
  explicit PortSet(PortRange range) { insert(range); }

  // Overlapping and adjacent intervals become one.
  void insert(PortRange range);
  void insert(const PortSet& other);
  [[nodiscard]] PortSet intersection(PortRange range) const;

  [[nodiscard]] bool contains(std::uint16_t port) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  // 0 to 65536.
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  // The port with `index` smaller ones in the set; `index` below count(). Logarithmic in the number of intervals.
  [[nodiscard]] std::uint16_t operator[](std::uint32_t index) const noexcept;
  // Sorted, disjoint, not adjacent.
  [[nodiscard]] std::span<const PortRange> ranges() const noexcept { return ranges_; }

  // Every port, ascending.
  [[nodiscard]] Iterator begin() const noexcept;
  [[nodiscard]] Iterator end() const noexcept;

  friend bool operator==(const PortSet& a, const PortSet& b) noexcept { return a.ranges_ == b.ranges_; }

 private:
  void count_from(std::size_t index);

  std::vector<PortRange> ranges_;
  std::vector<std::uint32_t> ranks_;  // how many ports of the set are below each interval
  std::uint32_t count_ = 0;
};

class PortSet::Iterator {
 public:
  using value_type = std::uint16_t;
  using difference_type = std::ptrdiff_t;
  using iterator_category = std::forward_iterator_tag;

  Iterator() = default;
  explicit Iterator(const PortRange* range) noexcept : range_(range) {}
  [[nodiscard]] std::uint16_t operator*() const noexcept { return static_cast<std::uint16_t>(range_->first + offset_); }
  Iterator& operator++() noexcept;
  Iterator operator++(int) noexcept;
  friend bool operator==(const Iterator&, const Iterator&) noexcept = default;

 private:
  const PortRange* range_ = nullptr;
  std::uint32_t offset_ = 0;
};

// "22,80,8000-8100"
[[nodiscard]] std::string to_string(const PortSet& set);

// One word of a list: numbers, or a service name yet to be looked up.
using PortWord = std::variant<PortRange, std::string>;
// Errors: empty, out of range, reversed, neither a number nor the shape of a name; each names the word.
[[nodiscard]] Result<PortWord> parse_port_word(std::string_view word);
// The words between commas. Errors: an empty list or word, or a bad word.
[[nodiscard]] Result<std::vector<PortWord>> parse_port_words(std::string_view text);

// The ports of a service, or why there are none.
using ServiceLookup = std::function<Result<PortSet>(std::string_view name)>;
[[nodiscard]] Result<PortSet> parse_port_set(std::string_view text, const ServiceLookup& lookup);

}  // namespace tcp::ports
