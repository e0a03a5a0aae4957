// SPDX-License-Identifier: MIT
#include "cmd/sockets_info_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tcp::cmd {
namespace {

constexpr std::string_view kIndentation = "    ";
constexpr std::size_t kIndent = kIndentation.size();
constexpr std::size_t kGap = 2;  // between a pair and the next
constexpr std::array<std::string_view, 8> kOptions{"timestamps", "sack",     "window_scaling",     "ecn",
                                                   "ecn_seen",   "syn_data", "microsecond_stamps", "fast_open_child"};
constexpr std::array<std::string_view, 5> kCongestionStates{"open", "disorder", "cwr", "recovery", "loss"};

// Words that follow each other, broken between pairs on a terminal.
class InfoLines {
 public:
  InfoLines(std::string& out, const Terminal& terminal)
      : out_(out), limit_(terminal.is_terminal ? terminal.width : std::string::npos) {}

  // In a pipe nothing is broken, and a value may be written right behind its name, which stands between blanks here.
  [[nodiscard]] bool endless() const noexcept { return limit_ == std::string::npos; }
  std::string& name(std::string_view between_blanks) {
    if (!begun_) out_.append(kIndent - kGap, ' ');
    begun_ = true;
    return out_.append(between_blanks);
  }

  void pair(std::string_view name, std::string_view value) {
    if (!endless()) {
      const std::size_t length = name.size() + 1 + display_width(value);
      if (column_ > 0 && column_ + kGap + length > limit_) {
        out_ += '\n';
        column_ = 0;
      }
      column_ += (column_ == 0 ? kIndent : kGap) + length;
    }
    out_ += begun_ && out_.back() != '\n' ? "  " : kIndentation;
    out_.append(name) += ' ';
    out_ += value;
    begun_ = true;
  }
  void finish() {
    if (begun_) out_ += '\n';
  }

 private:
  std::string& out_;
  std::size_t limit_;
  std::size_t column_ = 0;
  bool begun_ = false;
};

// Shown elsewhere, or in words.
bool is_told_otherwise(std::string_view name) { return name == "state" || name == "options" || name == "ca_state"; }

std::vector<std::string> all_option_words() {
  std::vector<std::string> all(1U << kOptions.size());
  for (std::size_t bits = 0; bits < all.size(); ++bits) {
    for (const std::string_view word : option_words(bits)) {
      all[bits] += all[bits].empty() ? "" : ",";
      all[bits] += word;
    }
  }
  return all;
}

void add_options(InfoLines& lines, const sockets::TcpInfo& info) {
  static const sockets::TcpInfoField* const kState = sockets::find_tcp_info_field("ca_state");
  static const sockets::TcpInfoField* const kBits = sockets::find_tcp_info_field("options");
  static const std::vector<std::string> kWords = all_option_words();
  if (const auto state = info.get(*kState)) lines.pair("ca_state", congestion_state(*state));
  const auto bits = info.get(*kBits);
  if (bits && *bits != 0) lines.pair("options", kWords[*bits % kWords.size()]);
}

struct InfoPair {
  const SocketColumn* column = nullptr;
  std::string name;            // the word before the value: in bare numbers with the unit
  std::string between_blanks;  // the same
};

std::vector<InfoPair> make_info_pairs(bool human) {
  std::vector<InfoPair> pairs;
  for (const SocketColumn& column : socket_columns()) {
    const bool shown = column.info != nullptr || column.name.starts_with("timer") || column.name == "retransmissions";
    if (!shown || is_told_otherwise(column.name)) continue;
    const std::string name = std::string(column.name).append(human ? "" : key_suffix(column.name, column.unit));
    pairs.push_back({&column, name, std::string(kGap, ' ') + name + ' '});
  }
  return pairs;
}

const std::vector<InfoPair>& info_pairs(bool human) {
  static const std::array pairs{make_info_pairs(false), make_info_pairs(true)};
  return pairs[human ? 1 : 0];
}

}  // namespace

std::vector<std::string_view> option_words(std::uint64_t bits) {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < kOptions.size(); ++i) {
    if ((bits >> i & 1) != 0) words.push_back(kOptions[i]);
  }
  return words;
}

std::string_view congestion_state(std::uint64_t state) {
  return state < kCongestionStates.size() ? kCongestionStates[state] : "unknown";
}

void append_info(std::string& out, const sockets::SocketRow& row, const CellStyle& style, const Terminal& terminal) {
  InfoLines lines(out, terminal);
  std::string value;
  const sockets::SocketInfo& socket = *row.socket;
  if (!socket.congestion.empty()) {
    append_safe(value, socket.congestion.view());
    lines.pair("congestion", value);
  }
  if (socket.tcp_info.size() > 0) add_options(lines, socket.tcp_info);
  for (const auto& [column, name, between_blanks] : info_pairs(style.human)) {
    value.clear();
    if (column->is_number()) {
      const std::uint64_t number = column->number_of(row).value_or(0);
      if (number == 0) continue;
      if (lines.endless()) {
        column->append_number_of(lines.name(between_blanks), number, row, style);
        continue;
      }
      column->append_number_of(value, number, row, style);
    } else {
      column->append(value, row, style);
    }
    if (value != "-") lines.pair(name, value);
  }
  lines.finish();
}

}  // namespace tcp::cmd
