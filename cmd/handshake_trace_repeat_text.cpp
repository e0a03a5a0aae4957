// SPDX-License-Identifier: MIT
// Repeated handshakes for people: a line each, then statistics with a histogram.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "cmd/handshake_trace_names.hpp"
#include "cmd/handshake_trace_repeat.hpp"
#include "cmd/handshake_trace_words.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kBarWidth = 40;
constexpr std::array<std::string_view, 8> kEighths{"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

double real(const Value& value) {
  const auto* number = std::get_if<double>(&value.data);
  return number == nullptr ? 0 : *number;
}

std::uint64_t whole(const Value& value) {
  const auto* number = std::get_if<std::uint64_t>(&value.data);
  return number == nullptr ? 0 : *number;
}

std::string who(const Record& record) {
  const std::string port = record["port"].text();
  if (record["address"].is_null()) return sanitize(record["target"].text());
  return endpoint_text(record["address"].text(), port);
}

std::string outcome_words(const Record& probe) {
  const std::string outcome = probe["outcome"].text();
  const std::string syns = probe["syn_count"].text();
  if (outcome == "established") return "open";
  if (outcome == "half_open") return "open, left half-open";
  if (outcome == "refused") return "refused";
  if (outcome == "reset") return "reset";
  if (outcome == "filtered" || outcome == "unanswered")
    return "no answer to " + syns + (syns == "1" ? " try" : " tries");
  if (outcome == "unreachable" && probe["icmp"].record() != nullptr) {
    const Record& icmp = *probe["icmp"].record();
    return icmp["name"].text() + ", says " + icmp["sender"].text();
  }
  return probe["error"].is_null() ? outcome : outcome + ": " + probe["error"].text();
}

// `share` of the width, in eighths of a column where the terminal has them.
std::string bar(double share, bool unicode) {
  const auto eighths = static_cast<std::size_t>(share * kBarWidth * 8 + 0.5);
  if (!unicode) return std::string(std::max<std::size_t>((eighths + 4) / 8, share > 0 ? 1 : 0), '#');
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += kEighths.back();
  const std::size_t rest = eighths % 8;
  if (rest != 0) text += kEighths[rest - 1];
  return text.empty() && share > 0 ? std::string(kEighths.front()) : text;
}

std::string histogram(const List& bins, bool unicode) {
  std::uint64_t most = 1;
  for (const Value& bin : bins) most = std::max(most, whole((*bin.record())["count"]));
  std::string text;
  for (const Value& value : bins) {
    const Record& bin = *value.record();
    const std::uint64_t count = whole(bin["count"]);
    text += fmt::format("  {:>9} to {:>9} ms {:>7} {}\n", milliseconds(bin["from_us"]), milliseconds(bin["to_us"]),
                        count, bar(static_cast<double>(count) / static_cast<double>(most), unicode));
  }
  return text;
}

class RepeatView final : public View {
 public:
  explicit RepeatView(Output& out) : out_(out) {}

  void start(const Record&) override {}
  void result(const Record& record) override {
    if (record.type() == "probe") {
      out_.line(render_probe(record));
      return;
    }
    out_.write("\n" + render_statistics(record, out_.terminal()));
    out_.end_record();
  }
  void summary(const Record&) override {}

 private:
  Output& out_;
};

}  // namespace

std::string render_probe(const Record& probe) {
  std::string line = fmt::format("{} #{}: {}", who(probe), probe["number"].text(), sanitize(outcome_words(probe)));
  if (!probe["round_trip_us"].is_null()) {
    line += ", " + milliseconds(probe["round_trip_us"]);
    if (probe["round_trip_basis"].text() == "ambiguous") line += " to " + milliseconds(probe["round_trip_longest_us"]);
    line += " ms";
  }
  if (!probe["time_to_live"].is_null()) line += ", TTL " + probe["time_to_live"].text();
  return line;
}

std::string render_statistics(const Record& statistics, const Terminal& terminal) {
  std::string text = paint(terminal, Style::bold, who(statistics)) + '\n';
  text += fmt::format("  {} sent, {} answered", statistics["sent"].text(), statistics["answered"].text());
  if (!statistics["loss_percent"].is_null()) text += fmt::format(", {:.1f}% lost", real(statistics["loss_percent"]));
  if (whole(statistics["failed"]) != 0) text += fmt::format(", {} failed", statistics["failed"].text());
  text += '\n';
  if (whole(statistics["round_trips"]) == 0) return text;
  text += fmt::format("  ms: min {}, median {}, p90 {}, p99 {}, max {}, stdev {}\n", milliseconds(statistics["min_us"]),
                      milliseconds(statistics["median_us"]), milliseconds(statistics["p90_us"]),
                      milliseconds(statistics["p99_us"]), milliseconds(statistics["max_us"]),
                      milliseconds(statistics["deviation_us"]));
  const List* bins = statistics["histogram"].list();
  if (bins != nullptr && bins->size() > 1) text += histogram(*bins, terminal.unicode);
  return text;
}

std::unique_ptr<View> make_repeat_view(Output& out) { return std::make_unique<RepeatView>(out); }

}  // namespace tcp::cmd
