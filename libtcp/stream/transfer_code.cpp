// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_code.hpp"

#include <algorithm>
#include <vector>

#include "libtcp/stream/tls_digest.hpp"

namespace tcp::stream {
namespace {

constexpr std::string_view kSalt = "tcpbox transfer code 1";
constexpr std::size_t kMostCodeBytes = 256;
constexpr int kBitsOfOurs = 10;
// Of a word that people think of: of what it takes to find it in a large dictionary.
constexpr int kMostBitsOfWord = 14;
constexpr int kMostBitsOfMixed = 64;

bool is_between(char letter) { return letter == '-' || letter == ' ' || letter == '_' || letter == '.'; }
bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

const std::vector<std::string_view>& our_words() {
  static const std::vector<std::string_view> words = split(code_words(), ' ');
  return words;
}

// Two bits for a letter, as in English text; letters and digits mixed, many of them different, are no dictionary's.
int bits_of_word(std::string_view word) {
  if (std::ranges::binary_search(our_words(), word)) return kBitsOfOurs;
  std::string letters(word);
  std::ranges::sort(letters);
  const auto repeated = std::ranges::unique(letters);
  const auto different = static_cast<int>(letters.size() - repeated.size());
  const bool is_mixed = std::ranges::any_of(word, is_digit) && !std::ranges::all_of(word, is_digit);
  const int bits = 2 * static_cast<int>(word.size());
  if (is_mixed && different >= 8) return std::min(bits, kMostBitsOfMixed);
  return std::min({bits, 2 * different, kMostBitsOfWord});
}

}  // namespace

Result<std::string> make_code() {
  std::string code;
  for (int i = 0; i < kWordsOfCode; ++i) {
    TCP_TRY_ASSIGN(number, random_below(kCodeWords));
    code += (code.empty() ? "" : "-") + std::string(our_words()[number]);
  }
  return code;
}

std::optional<std::string> normalize_code(std::string_view code) {
  if (code.size() > kMostCodeBytes) return std::nullopt;
  std::string normalized;
  for (const char letter : code) {
    if (is_between(letter)) {
      if (!normalized.empty() && normalized.back() != '-') normalized += '-';
      continue;
    }
    if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) return std::nullopt;
    const bool is_upper = letter >= 'A' && letter <= 'Z';
    normalized += is_upper ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  if (normalized.ends_with('-')) normalized.pop_back();
  if (normalized.empty()) return std::nullopt;
  return normalized;
}

int code_strength(std::string_view normalized) {
  std::vector<std::string_view> words = split(normalized, '-');
  std::ranges::sort(words);
  words.erase(std::ranges::unique(words).begin(), words.end());
  int bits = 0;
  for (const std::string_view word : words) bits += bits_of_word(word);
  return bits;
}

Result<Sha256> code_key(std::string_view normalized) { return stretch_code(normalized, kSalt); }

}  // namespace tcp::stream
