// SPDX-License-Identifier: MIT
#include "libtcp/ports/port_set.hpp"

#include <algorithm>
#include <cassert>

#include "libtcp/base/parse.hpp"
#include "libtcp/ports/text.hpp"

namespace tcp::ports {
namespace {

constexpr PortRange kAll{1, 65535};  // port 0 is reserved: no segment can be sent to a listener there
constexpr std::string_view kPatternLetters = "*?";
constexpr std::size_t kLongestWord = 64;
constexpr std::size_t kLongestShown = 40;  // of a bad word in an error message

std::string name_of(std::string_view word) {
  const bool cut = word.size() > kLongestShown;
  return "port '" + std::string(word.substr(0, kLongestShown)) + (cut ? "…'" : "'");
}

std::unexpected<Error> refuse(std::string_view word, std::string why) {
  return usage_error(name_of(word), std::move(why));
}

bool is_numeric(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return is_digit(c) || c == '-'; });
}

// RFC 6335 §5.1, and what older names of the registry have besides: sql*net, cl/1, z39.50, whois++, ocs_cmu. Or a
// pattern of names.
bool has_shape_of_name(std::string_view word) {
  constexpr std::string_view kAlsoAllowed = "-_./+*?";
  const auto allowed = [&](char c) { return is_alphanumeric(c) || kAlsoAllowed.contains(c); };
  return word.size() <= kLongestWord && (is_alphanumeric(word.front()) || kPatternLetters.contains(word.front())) &&
         std::ranges::all_of(word, allowed);
}

Result<std::uint16_t> parse_end(std::string_view word, std::string_view digits, std::uint16_t when_open) {
  if (digits.empty()) return when_open;
  if (const auto port = parse_unsigned<std::uint16_t>(digits)) return *port;
  if (digits.contains('-')) return refuse(word, "a range has two ends, as in 8000-8100");
  return refuse(word, "a port is a number from 0 to 65535");
}

Result<PortWord> parse_numeric(std::string_view word) {
  if (word == "-") return kAll;
  const std::size_t dash = word.find('-');
  TCP_TRY_ASSIGN(first, parse_end(word, word.substr(0, dash), kAll.first));
  if (dash == std::string_view::npos) return PortRange{first, first};
  TCP_TRY_ASSIGN(last, parse_end(word, word.substr(dash + 1), kAll.last));
  if (first > last) {
    return refuse(word, "the range is reversed; did you mean " + to_string(PortRange{last, first}) + "?");
  }
  return PortRange{first, last};
}

}  // namespace

std::string to_string(PortRange range) {
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + "-" + std::to_string(range.last);
}

void PortSet::insert(PortRange range) {
  assert(range.first <= range.last);
  // 32 bits wide, so that a neighbour of 0 or 65535 does not wrap around.
  const auto touches_from = [](const PortRange& r, std::uint32_t first) { return r.last + 1U < first; };
  const auto begin = std::lower_bound(ranges_.begin(), ranges_.end(), std::uint32_t{range.first}, touches_from);
  auto end = begin;
  for (; end != ranges_.end() && end->first <= range.last + 1U; ++end) {
    range.first = std::min(range.first, end->first);
    range.last = std::max(range.last, end->last);
  }
  const auto place = ranges_.insert(ranges_.erase(begin, end), range);
  count_from(static_cast<std::size_t>(place - ranges_.begin()));
}

// What is before the changed interval keeps its rank, so that a sorted list is taken in linear time.
void PortSet::count_from(std::size_t index) {
  ranks_.resize(ranges_.size());
  std::uint32_t below = index == 0 ? 0 : ranks_[index - 1] + ranges_[index - 1].count();
  for (; index < ranges_.size(); ++index) {
    ranks_[index] = below;
    below += ranges_[index].count();
  }
  count_ = below;
}

void PortSet::insert(const PortSet& other) {
  for (const PortRange& range : other.ranges()) insert(range);
}

PortSet PortSet::intersection(PortRange range) const {
  PortSet result;
  for (const PortRange& r : ranges_) {
    const PortRange both{std::max(r.first, range.first), std::min(r.last, range.last)};
    if (both.first <= both.last) result.insert(both);
  }
  return result;
}

bool PortSet::contains(std::uint16_t port) const noexcept {
  const auto range = std::ranges::lower_bound(ranges_, port, {}, &PortRange::last);
  return range != ranges_.end() && range->contains(port);
}

std::uint16_t PortSet::operator[](std::uint32_t index) const noexcept {
  assert(index < count_);
  const auto after = std::ranges::upper_bound(ranks_, index);
  const auto i = static_cast<std::size_t>(after - ranks_.begin()) - 1;
  return static_cast<std::uint16_t>(ranges_[i].first + (index - ranks_[i]));
}

PortSet::Iterator PortSet::begin() const noexcept { return Iterator(ranges_.data()); }

PortSet::Iterator PortSet::end() const noexcept { return Iterator(ranges_.data() + ranges_.size()); }

PortSet::Iterator& PortSet::Iterator::operator++() noexcept {
  if (++offset_ == range_->count()) {
    ++range_;
    offset_ = 0;
  }
  return *this;
}

PortSet::Iterator PortSet::Iterator::operator++(int) noexcept {
  const Iterator before = *this;
  ++*this;
  return before;
}

std::string to_string(const PortSet& set) {
  std::string text;
  for (const PortRange& range : set.ranges()) text += (text.empty() ? "" : ",") + to_string(range);
  return text;
}

Result<PortWord> parse_port_word(std::string_view word) {
  if (word.empty()) return refuse(word, "a port, a range or a service name is missing");
  if (word == "all") return kAll;
  if (is_numeric(word)) return parse_numeric(word);
  if (has_shape_of_name(word)) return std::string(word);
  return refuse(word, "must be a port, a range like 8000-8100, or a service name");
}

Result<std::vector<PortWord>> parse_port_words(std::string_view text) {
  std::vector<PortWord> words;
  for (;;) {
    const std::size_t comma = text.find(',');
    TCP_TRY_ASSIGN(word, parse_port_word(text.substr(0, comma)));
    words.push_back(std::move(word));
    if (comma == std::string_view::npos) return words;
    text.remove_prefix(comma + 1);
  }
}

Result<PortSet> parse_port_set(std::string_view text, const ServiceLookup& lookup) {
  TCP_TRY_ASSIGN(words, parse_port_words(text));
  PortSet set;
  for (const PortWord& word : words) {
    if (const auto* range = std::get_if<PortRange>(&word)) {
      set.insert(*range);
      continue;
    }
    TCP_TRY_ASSIGN(found, lookup(std::get<std::string>(word)));
    set.insert(found);
  }
  return set;
}

}  // namespace tcp::ports
