// SPDX-License-Identifier: MIT
#include "libtcp/ports/search.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>

#include "libtcp/ports/common.hpp"
#include "libtcp/ports/text.hpp"

namespace tcp::ports {
namespace {

constexpr std::size_t kLongestTypedName = 32;  // a longer one is no slip of the finger
constexpr std::size_t kMostWords = 16;
constexpr std::size_t kRanks = static_cast<std::size_t>(MatchRank::description_part) + 1;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c != ' ' && c != '\t') {
      words.back() += to_lower(c);
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  if (words.size() > kMostWords) words.resize(kMostWords);
  return words;
}

// Where a word stands in a text: at its start, at the start of one of its words, or inside one.
enum class Place : unsigned char { whole, start, word, inside };

std::optional<Place> place_of(std::string_view word, std::string_view text) {
  std::optional<Place> best;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if (at == 0) return word.size() == text.size() ? Place::whole : Place::start;
    if (!is_alphanumeric(text[at - 1])) return Place::word;
    best = Place::inside;
  }
  return best;
}

std::optional<MatchRank> rank_of(std::string_view word, std::string_view name, std::string_view description) {
  const auto in_name = place_of(word, name);
  const auto in_description = place_of(word, description);
  if (in_name == Place::whole) return MatchRank::exact_name;
  if (in_name == Place::start) return MatchRank::name_prefix;
  if (in_name == Place::word) return MatchRank::name_word;
  if (in_description && *in_description != Place::inside) return MatchRank::description_word;
  if (in_name) return MatchRank::name_part;
  if (in_description) return MatchRank::description_part;
  return std::nullopt;
}

std::optional<MatchRank> rank_of(const std::vector<std::string>& words, std::string_view name,
                                 std::string_view description) {
  std::optional<MatchRank> worst;
  for (const std::string& word : words) {
    const auto rank = rank_of(word, name, description);
    if (!rank) return std::nullopt;
    worst = std::max(worst.value_or(MatchRank::exact_name), *rank);
  }
  return worst;
}

// Optimal string alignment distance, given up as soon as it must exceed `limit`.
std::size_t distance_within(std::size_t limit, std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, kLongestTypedName + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& last = rows[(i + 2) % 3];
    const auto& before_last = rows[(i + 1) % 3];
    row[0] = i;
    std::size_t least = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    if (least > limit) return limit + 1;
  }
  return rows[a.size() % 3][b.size()];
}

struct Candidate {
  std::size_t distance;
  bool unknown_to_most;
  bool other_beginning;  // slips rarely hit the first letter
  std::size_t order;     // the registry's
  std::string_view name;
};

class NearNames {
 public:
  explicit NearNames(std::string_view word) : word_(lowered(word)), limit_(word.size() <= 3 ? 1 : 2) {}

  void consider(std::string_view name, bool common) {
    if (name.size() > kLongestTypedName || name.size() + limit_ < word_.size() || word_.size() + limit_ < name.size()) {
      return;
    }
    const std::string low = lowered(name);
    const std::size_t distance = distance_within(limit_, word_, low);
    if (distance <= limit_) found_.push_back({distance, !common, low.front() != word_.front(), found_.size(), name});
  }

  std::vector<std::string_view> best(std::size_t limit) {
    std::ranges::sort(found_, {}, [](const Candidate& candidate) {
      return std::tuple(candidate.distance, candidate.unknown_to_most, candidate.other_beginning, candidate.order);
    });
    std::vector<std::string_view> names;
    for (const Candidate& candidate : found_) {
      const bool known = std::ranges::any_of(names, [&](auto n) { return equal_ignoring_case(n, candidate.name); });
      if (!known && names.size() < limit) names.push_back(candidate.name);
    }
    return names;
  }

 private:
  std::string word_;
  std::size_t limit_;
  std::vector<Candidate> found_;
};

}  // namespace

std::vector<Match> search(std::string_view text) {
  const auto words = words_of(text);
  std::array<std::vector<Match>, kRanks> by_rank;
  const auto add = [&](Match match, std::string_view description) {
    const auto rank = rank_of(words, lowered(match.name), lowered(description));
    if (!rank) return;
    match.rank = *rank;
    by_rank[static_cast<std::size_t>(*rank)].push_back(match);
  };
  for (const CommonPort& common : common_ports()) {
    add({common.name, PortRange{common.port, common.port}, common.protocol, {}}, common.use);
  }
  for (std::size_t i = 0; i < record_count(); ++i) {
    const Assignment record = record_at(i);
    if (!record.name.empty()) add({record.name, record.ports, record.protocol, {}}, record.description);
  }
  std::vector<Match> matches;
  for (const auto& equals : by_rank) matches.insert(matches.end(), equals.begin(), equals.end());
  return matches;
}

std::vector<std::string_view> find_near_names(std::string_view word, std::size_t limit) {
  if (word.empty() || word.size() > kLongestTypedName) return {};
  NearNames near(word);
  for (const CommonPort& common : common_ports()) near.consider(common.name, true);
  for (std::size_t i = 0; i < record_count(); ++i) {
    if (const auto name = record_at(i).name; !name.empty()) near.consider(name, false);
  }
  return near.best(limit);
}

}  // namespace tcp::ports
