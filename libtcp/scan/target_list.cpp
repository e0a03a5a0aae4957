// SPDX-License-Identifier: MIT
#include "libtcp/scan/target_list.hpp"

#include <algorithm>

#include "libtcp/scan/special_ranges.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kMostNames = 65'536;
constexpr std::size_t kLongestLine = 1024;

bool is_blank(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n'); }

const TargetSet& special_set() {
  static const TargetSet set = [] {
    RangeCollector collector;
    for (const AddressRange& range : special_ranges()) collector.add(range);
    return std::move(collector).settle_unbounded();
  }();
  return set;
}

// It holds special addresses and others.
bool straddles(const AddressRange& range) {
  const AddressRange plain{range.first.without_scope(), range.last.without_scope()};
  if (plain.first == plain.last) return false;
  return std::ranges::any_of(special_ranges(), [&](const AddressRange& special) {
    if (special.first.family() != plain.first.family()) return false;
    const bool overlaps = special.first <= plain.last && plain.first <= special.last;
    return overlaps && !(special.contains(plain.first) && special.contains(plain.last));
  });
}

}  // namespace

// A word that lies in a special range means it; one that merely covers it does not.
Result<void> TargetList::add_range(const AddressRange& range) {
  if (role_ == TargetRole::excluded || !straddles(range)) {
    ranges_.add(range);
    return {};
  }
  TCP_TRY_ASSIGN(whole, TargetSet::make({range}));
  const TargetSet meant = whole.without(special_set());
  const TargetSet skipped = whole.without(meant);
  for (std::size_t i = 0; i < meant.range_count(); ++i) ranges_.add(meant.range(i));
  for (std::size_t i = 0; i < skipped.range_count(); ++i) skipped_.add(skipped.range(i));
  return {};
}

Result<void> TargetList::add(std::string_view word) {
  TCP_TRY_ASSIGN(spec, parse_target(word, role_));
  empty_ = false;
  if (auto* name = std::get_if<TargetName>(&spec)) {
    if (names_.size() == kMostNames)
      return usage_error("targets", "more than " + std::to_string(kMostNames) + " names");
    names_.push_back(std::move(name->host));
    return {};
  }
  for (const AddressRange& range : std::get<std::vector<AddressRange>>(spec)) TCP_TRY(add_range(range));
  return {};
}

std::unexpected<Error> TargetFileReader::at_line(Error error) const {
  error.attempt = name_ + ":" + std::to_string(line_) + ": " + error.attempt;
  return std::unexpected(std::move(error));
}

Result<void> TargetFileReader::take_line(std::string_view line) {
  if (line.size() > kLongestLine) {
    return at_line(usage_error("line", "longer than " + std::to_string(kLongestLine) + " characters").error());
  }
  line = line.substr(0, line.find('#'));
  for (;;) {
    const auto begin = std::ranges::find_if_not(line, is_blank);
    const auto end = std::find_if(begin, line.end(), is_blank);
    if (begin == end) break;
    if (auto added = list_.add(std::string_view(begin, end)); !added) return at_line(std::move(added).error());
    line = std::string_view(end, line.end());
  }
  ++line_;
  return {};
}

Result<void> TargetFileReader::feed(std::string_view piece) {
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    if (rest_.empty()) {
      TCP_TRY(take_line(piece.substr(0, end)));
    } else {
      rest_ += piece.substr(0, end);
      TCP_TRY(take_line(rest_));
      rest_.clear();
    }
    piece.remove_prefix(end + 1);
  }
  // The last piece of a line that is too long already says so by itself.
  if (rest_.size() + piece.size() > kLongestLine) return take_line(std::string(kLongestLine + 1, ' '));
  rest_ += piece;
  return {};
}

Result<void> TargetFileReader::finish() { return take_line(std::exchange(rest_, {})); }

}  // namespace tcp::scan
