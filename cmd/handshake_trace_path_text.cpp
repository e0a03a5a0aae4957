// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_path_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/handshake_trace_names.hpp"
#include "cmd/handshake_trace_words.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kDetailIndent = 7;
constexpr std::size_t kLeastColumn = 20;  // words are never squeezed below it

// A screen of its own, the cursor at its top; and back to what was there.
constexpr std::string_view kEnterScreen = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kLeaveScreen = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kClearScreen = "\x1b[H\x1b[J";

std::string loss_text(const Value& value) {
  const auto* number = std::get_if<double>(&value.data);
  return number == nullptr ? "-" : fmt::format("{:.0f}%", *number);
}

Style outcome_style(std::string_view outcome) {
  if (outcome == "open") return Style::green;
  return outcome == "silent" ? Style::yellow : Style::red;
}

class PathText {
 public:
  PathText(const std::vector<Record>& hops, const Record& path, const Terminal& terminal)
      : hops_(hops), path_(path), terminal_(terminal) {}

  std::string render() {
    header();
    if (!hops_.empty()) table();
    changes();
    route_changes();
    verdict();
    return std::move(text_);
  }

 private:
  void put(std::size_t indent, std::string_view words, Style style = Style::plain) {
    const std::size_t width = std::max<std::size_t>(terminal_.width, indent + kLeastColumn) - indent;
    const std::string lines = wrap(words, width, 2);
    for (std::size_t begin = 0; begin <= lines.size();) {
      const std::size_t end = std::min(lines.find('\n', begin), lines.size());
      text_ += std::string(indent, ' ') + paint(terminal_, style, lines.substr(begin, end - begin)) + '\n';
      begin = end + 1;
    }
  }

  void header() {
    const std::string target = path_["target"].text();
    const bool known = !path_["address"].is_null();
    std::string them = known ? endpoint_text(path_["address"].text(), path_["port"].text()) : target;
    const bool named = known && !target.starts_with(path_["address"].text()) && !target.starts_with('[');
    if (named) them += " (" + target + ")";
    put(0, sanitize("path to " + them), Style::bold);
    if (!path_["local_address"].is_null()) put(2, "from " + path_["local_address"].text());
    if (!path_["round"].is_null()) put(2, fmt::format("round {}, {}", path_["round"].text(), path_["started"].text()));
    text_ += '\n';
  }

  void table() {
    const bool watched = !path_["round"].is_null();
    std::string heading = fmt::format("{:>4}  {:<{}}  {:>4}", "hop", "address", address_width(), "loss");
    for (const std::string_view column : columns()) heading += fmt::format("  {:>8}", column);
    text_ += paint(terminal_, Style::bold, heading) + '\n';
    for (const Record& hop : hops_) row(hop);
    text_ += fmt::format("{:>4}  round trips in ms{}\n\n", "", watched ? ", over all rounds" : "");
  }

  // Watching shows two more columns, which leaves less room: a long IPv6 address then has a line of its own.
  [[nodiscard]] std::vector<std::string_view> columns() const {
    if (path_["round"].is_null()) return {"best", "average"};
    return {"last", "best", "average", "worst"};
  }
  [[nodiscard]] std::size_t address_width() const {
    const std::size_t numbers = 4 + 2 + 2 + 4 + columns().size() * (2 + 8);
    const std::size_t room = std::max<std::size_t>(terminal_.width, numbers + kLeastColumn) - numbers;
    std::size_t width = std::string_view("address").size();
    for (const Record& hop : hops_) width = std::max(width, first_address(hop).size());
    return std::min(width, room);
  }

  static std::string first_address(const Record& hop) {
    const List& addresses = *hop["addresses"].list();
    return addresses.empty() ? "*" : (*addresses.front().record())["address"].text();
  }

  void row(const Record& hop) {
    std::string first = first_address(hop);
    std::string number = hop["hop"].text();
    if (first.size() > address_width()) {  // a line of its own
      text_ += fmt::format("{:>4}  {}\n", number, first);
      number.clear();
      first.clear();
    }
    text_ += fmt::format("{:>4}  {:<{}}  {:>4}", number, first, address_width(), loss_text(hop["loss_percent"]));
    const bool watched = !path_["round"].is_null();
    if (watched) text_ += fmt::format("  {:>8}", milliseconds(hop["round_trip_last_us"]));
    text_ += fmt::format("  {:>8}  {:>8}", milliseconds(hop["round_trip_shortest_us"]),
                         milliseconds(hop["round_trip_average_us"]));
    if (watched) text_ += fmt::format("  {:>8}", milliseconds(hop["round_trip_longest_us"]));
    text_ += '\n';
    details(hop, *hop["addresses"].list());
  }

  void details(const Record& hop, const List& addresses) {
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const Record& address = *addresses[i].record();
      const std::string name = address["name"].is_null() ? "" : sanitize(address["name"].text());
      if (i == 0 && !name.empty()) put(kDetailIndent, name, Style::dim);
      if (i != 0)
        put(kDetailIndent, "also " + address["address"].text() + (name.empty() ? "" : "  " + name), Style::dim);
    }
    for (const Value& value : *hop["mpls_labels"].list()) {
      const Record& label = *value.record();
      put(kDetailIndent,
          fmt::format("MPLS label {}, class {}, TTL {}", label["label"].text(), label["traffic_class"].text(),
                      label["time_to_live"].text()),
          Style::dim);
    }
    if (!hop["rejection"].is_null()) put(kDetailIndent, hop["rejection"].text(), Style::red);
  }

  void changes() {
    const List& list = *path_["changes"].list();
    if (list.empty()) return;
    put(0, "changed on the way", Style::bold);
    for (const Value& value : list) {
      const Record& change = *value.record();
      put(2, fmt::format("{} {} -> {}, {}", field_name(change["field"].text()), sanitize(change["before"].text()),
                         sanitize(change["after"].text()), place_of(change)));
    }
    text_ += '\n';
  }

  void route_changes() {
    const List& list = *path_["route_changes"].list();
    if (list.empty()) return;
    put(0, "changes of the route", Style::bold);
    for (const Value& value : list) {
      const Record& change = *value.record();
      put(2, fmt::format("{}  hop {}: {} -> {}", change["time"].text(), change["hop"].text(), change["before"].text(),
                         change["after"].text()));
    }
    text_ += '\n';
  }

  void verdict() {
    put(0, sanitize(verdict_of(path_)), outcome_style(path_["outcome"].text()));
    if (path_["technique"].text() != "connect") return;
    put(2, kPathNotVisible, Style::dim);
  }

  const std::vector<Record>& hops_;
  const Record& path_;
  const Terminal& terminal_;
  std::string text_;
};

class PathView final : public View {
 public:
  PathView(Output& out, bool redraw) : out_(out), redraw_(redraw && out.terminal().is_terminal) {
    if (redraw_) out_.write(kEnterScreen);
  }
  PathView(const PathView&) = delete;
  PathView& operator=(const PathView&) = delete;
  ~PathView() override { leave(); }

  void start(const Record&) override {}
  void result(const Record& record) override {
    if (record.type() == "hop") {
      hops_.push_back(record);
      return;
    }
    latest_ = render_path(hops_, record, out_.terminal());
    hops_.clear();
    if (redraw_) {
      out_.write(kClearScreen);
    } else if (shown_++ != 0) {
      out_.write("\n");
    }
    out_.write(latest_);
    out_.flush();
  }
  // The last round stays on the screen that was there before.
  void summary(const Record&) override {
    const bool was_redrawn = redraw_;
    leave();
    if (was_redrawn) out_.write(latest_);
    out_.end_record();
  }

 private:
  void leave() {
    if (!redraw_) return;
    redraw_ = false;
    out_.write(kLeaveScreen);
    out_.flush();
  }

  Output& out_;
  bool redraw_;
  unsigned shown_ = 0;
  std::vector<Record> hops_;
  std::string latest_;
};

}  // namespace

std::string render_path(const std::vector<Record>& hops, const Record& path, const Terminal& terminal) {
  return PathText(hops, path, terminal).render();
}

std::unique_ptr<View> make_path_view(Output& out, bool redraw) { return std::make_unique<PathView>(out, redraw); }

}  // namespace tcp::cmd
