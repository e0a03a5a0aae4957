// SPDX-License-Identifier: MIT
#include "cmd/scan_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "cmd/output/table.hpp"
#include "cmd/scan_banner_record.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostListed = 10;       // closed or filtered ports of a host; more are summed up
constexpr std::size_t kMostReasons = 3;       // in a sum
constexpr std::size_t kMostReasonKinds = 64;  // remembered: an attacker chooses the senders of ICMP errors
constexpr std::array<std::string_view, 4> kStates{"open", "closed", "filtered", "error"};

std::uint64_t number(const Value& value) {
  if (const auto* count = std::get_if<std::uint64_t>(&value.data)) return *count;
  if (const auto* count = std::get_if<std::int64_t>(&value.data)) return static_cast<std::uint64_t>(*count);
  return 0;
}

Duration duration_of(const Value& microseconds) {
  return std::chrono::microseconds(static_cast<std::int64_t>(number(microseconds)));
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

struct Row {
  std::uint64_t port = 0;
  std::string service;
  std::string reason;
  std::string rtt;
  std::string banner;  // lines under it
};

// The ports of a host in one state: rows, until there are too many to read.
struct StateGroup {
  std::vector<Row> rows;
  std::uint64_t count = 0;
  std::map<std::string, std::uint64_t> reasons;

  void add(const Record& port, bool keep, const ScanTextOptions& options, unsigned width) {
    ++count;
    const std::string reason = port["explanation"].text();
    if (reasons.size() < kMostReasonKinds || reasons.contains(reason)) ++reasons[reason];
    if (!keep) {
      rows.clear();
      return;
    }
    rows.push_back({number(port["port"]), port["service"].text(), reason,
                    port["rtt_us"].is_null() ? "-" : format_duration(duration_of(port["rtt_us"])),
                    banner_lines(port, options.verbose, width)});
  }

  // "1000 closed (rst)", "200 filtered (150 no answer to 4 probes, 50 icmp port unreachable from 192.0.2.1)"
  [[nodiscard]] std::string sum(std::string_view state) const {
    std::vector<std::pair<std::string, std::uint64_t>> sorted(reasons.begin(), reasons.end());
    std::ranges::sort(sorted, [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    std::string text;
    std::uint64_t named = 0;
    for (std::size_t i = 0; i < std::min(sorted.size(), kMostReasons); ++i) {
      const auto& [reason, times] = sorted[i];
      text += (i == 0 ? "" : ", ") + (times == count ? reason : fmt::format("{} {}", times, reason));
      named += times;
    }
    if (named < count) text += fmt::format(", {} others", count - named);
    return fmt::format("{} {} ({})", count, state, text);
  }
};

// Behind the heading, a line a row.
std::string with_banners(std::string_view table, const std::vector<std::string>& banners) {
  std::string text;
  std::size_t line = 0;
  while (!table.empty()) {
    const std::size_t end = std::min(table.find('\n') + 1, table.size());
    text += table.substr(0, end);
    table.remove_prefix(end);
    if (line > 0 && line <= banners.size()) text += banners[line - 1];
    ++line;
  }
  return text;
}

struct Host {
  std::string address;
  std::string name;  // empty without one
  std::array<StateGroup, kStates.size()> groups;

  [[nodiscard]] bool is_interesting() const { return groups.front().count > 0 || groups.back().count > 0; }
};

class ScanTextView final : public View {
 public:
  ScanTextView(Output& out, const ScanTextOptions& options) : out_(out), options_(options) {}

  void start(const Record& /*run*/) override {}

  void result(const Record& port) override {
    const std::string address = port["target"].text();
    const auto [place, fresh] = places_.try_emplace(address, hosts_.size());
    if (fresh) hosts_.push_back({address, port["name"].is_null() ? "" : port["name"].text(), {}});
    const auto state = std::ranges::find(kStates, port["state"].text());
    if (state == kStates.end()) return;
    StateGroup& group = hosts_[place->second].groups[static_cast<std::size_t>(state - kStates.begin())];
    group.add(port, *state == "open" || options_.verbose || group.count < kMostListed, options_, out_.terminal().width);
  }

  void summary(const Record& summary) override {
    std::uint64_t quiet = 0;
    for (const Host& host : hosts_) {
      const bool show = hosts_.size() == 1 || options_.verbose || host.is_interesting();
      if (show) {
        print(host);
      } else {
        ++quiet;
      }
    }
    if (quiet > 0) out_.write(counted(quiet, "host") + " without an open port\n\n");
    print_sums(summary);
    out_.end_record();
  }

 private:
  void print(const Host& host) {
    const std::string title = host.name.empty() ? host.address : host.address + " (" + host.name + ")";
    out_.write(paint(out_.terminal(), Style::bold, title) + "\n");
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      const StateGroup& group = host.groups[i];
      if (group.count > 0 && group.rows.empty())
        out_.write(wrap(group.sum(kStates[i]), out_.terminal().width, 2) + "\n");
    }
    print_table(host);
    out_.write("\n");
  }

  void print_table(const Host& host) {
    Table table({{"STATE"}, {"PORT", true}, {"SERVICE", false, true}, {"REASON", false, true}, {"RTT", true}});
    static constexpr std::array kStyles{Style::green, Style::red, Style::yellow, Style::red};
    std::vector<std::string> banners;
    for (std::size_t i = 0; i < kStates.size(); ++i) {
      std::vector<Row> rows = host.groups[i].rows;
      std::ranges::sort(rows, {}, &Row::port);
      for (Row& row : rows) {
        banners.push_back(std::move(row.banner));
        table.add_row({paint(out_.terminal(), kStyles[i], kStates[i]), std::to_string(row.port), std::move(row.service),
                       std::move(row.reason), std::move(row.rtt)});
      }
    }
    if (!table.empty()) out_.write(with_banners(table.render(out_.terminal()), banners));
  }

  void print_sums(const Record& summary) {
    std::string text =
        counted(number(summary["targets"]), "host") + ", " + counted(number(summary["pairs"]), "port") + ":";
    for (const std::string_view state : {"open", "closed", "filtered"}) {
      text += fmt::format(" {} {},", number(summary[state]), state);
    }
    text.back() = ';';
    if (number(summary["errors"]) > 0) text += fmt::format(" {} not sent;", number(summary["errors"]));
    if (number(summary["unfinished"]) > 0) text += fmt::format(" {} unfinished;", number(summary["unfinished"]));
    text += fmt::format(" {} in {}", counted(number(summary["probes_sent"]), "probe"),
                        format_duration(duration_of(summary["elapsed_us"])));
    if (const auto* loss = std::get_if<double>(&summary["loss"].data))
      text += fmt::format(", loss {:.1f} %", *loss * 100);
    out_.write(wrap(text, out_.terminal().width, 2) + "\n");
  }

  Output& out_;
  ScanTextOptions options_;
  std::map<std::string, std::size_t> places_;
  std::vector<Host> hosts_;  // in the order of their first result
};

}  // namespace

std::unique_ptr<View> make_scan_text_view(Output& out, const ScanTextOptions& options) {
  return std::make_unique<ScanTextView>(out, options);
}

}  // namespace tcp::cmd
