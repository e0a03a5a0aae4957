// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/handshake_trace_names.hpp"
#include "cmd/handshake_trace_words.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kNotationIndent = 13;
constexpr std::size_t kTopicWidth = 16;
constexpr std::size_t kNameWidth = 8;
constexpr std::size_t kLeastColumn = 20;  // words are never squeezed below it

double number(const Value& value) {
  const auto* real = std::get_if<double>(&value.data);
  return real == nullptr ? 0 : *real;
}

Style outcome_style(std::string_view outcome) {
  if (outcome == "established" || outcome == "half_open") return Style::green;
  return outcome == "filtered" || outcome == "incomplete" || outcome == "unanswered" || outcome == "reset"
             ? Style::yellow
             : Style::red;
}

class Ladder {
 public:
  Ladder(const Record& handshake, const Terminal& terminal) : record_(handshake), terminal_(terminal) {}

  std::string render() {
    header();
    if (const List* events = record_["events"].list()) {
      for (const Value& event : *events) rung(*event.record());
    }
    if (const std::string omitted = record_["events_omitted"].text(); omitted != "0") {
      put("  ", fmt::format("and {} more", omitted));
    }
    findings();
    return std::move(text_);
  }

 private:
  [[nodiscard]] std::size_t width() const { return terminal_.width; }

  // `head`, then the words beside it, wrapped within their own column.
  void put(const std::string& head, std::string_view words, Style style = Style::plain) {
    const std::size_t indent = display_width(head);
    const std::string lines = wrap(words, std::max(width(), indent + kLeastColumn) - indent);
    std::string before = head;
    for (std::size_t begin = 0; begin <= lines.size();) {
      const std::size_t end = std::min(lines.find('\n', begin), lines.size());
      text_ += before + paint(terminal_, style, lines.substr(begin, end - begin)) + '\n';
      before.assign(indent, ' ');
      begin = end + 1;
    }
  }

  void header() {
    const std::string port = record_["port"].text();
    const std::string address = record_["address"].is_null() ? "" : endpoint_text(record_["address"].text(), port);
    const std::string target = record_["target"].text();
    std::string them = address.empty() ? target : address;
    const bool named = !address.empty() && !target.starts_with(record_["address"].text()) && !target.starts_with('[');
    if (named) them += " (" + target + ")";
    put("", sanitize(them), Style::bold);
    if (!record_["local_port"].is_null()) {
      const std::string from = "from " + endpoint_text(record_["local_address"].text(), record_["local_port"].text());
      const bool fits = display_width(them) + 1 + display_width(from) <= width();
      if (fits) text_.back() = ' ';  // on the line of the target
      put(fits ? "" : "  ", from);
    }
    if (record_["technique"].text() == "connect") put("  ", "by the kernel's connect(): its segments are not shown");
    if (const List* others = record_["other_addresses"].list(); !others->empty()) {
      put("  ", "the name has more addresses: " + record_["other_addresses"].text());
    }
    text_ += '\n';
  }

  void rung(const Record& event) {
    const bool guessed = record_["technique"].text() == "raw" && event["kernel_time"].text() == "no";
    put(fmt::format("  {}{}{} {:<{}} ", offset(event), guessed ? '~' : ' ', arrow(event["from"].text()),
                    event["name"].text(), kNameWidth),
        sanitize(event["explanation"].text()));
    if (event["notation"].is_null()) return;
    const std::string indent(kNotationIndent, ' ');
    for (const std::string& part : break_notation(
             event["notation"].text(), std::max(width(), kNotationIndent + kLeastColumn) - kNotationIndent)) {
      text_ += indent + paint(terminal_, Style::dim, part) + '\n';
    }
  }

  static std::string offset(const Record& event) { return fmt::format("+{:.6f}", number(event["offset_us"]) / 1e6); }

  [[nodiscard]] std::string arrow(std::string_view from) const {
    if (from == "client") return terminal_.unicode ? "──▶" : "-->";
    if (from == "kernel") return terminal_.unicode ? " · " : " . ";
    return terminal_.unicode ? "◀──" : "<--";
  }

  void findings() {
    const Record* meaning = record_["meaning"].record();
    const List* list = meaning == nullptr ? nullptr : (*meaning)["findings"].list();
    if (list == nullptr || list->empty()) return;
    text_ += '\n';
    for (const Value& finding : *list) {
      const Record& record = *finding.record();
      if (record["topic"].text() == "result") {
        result(record);
      } else {
        entry(topic_name(record["topic"].text()), record);
      }
    }
  }

  void result(const Record& finding) {
    put("  ", sanitize(finding["statement"].text()), outcome_style(record_["outcome"].text()));
    put("    ", sanitize(finding["evidence"].text()), Style::dim);
    text_ += '\n';
  }

  void entry(std::string_view topic, const Record& finding) {
    const std::string head = fmt::format("  {:<{}}", topic, kTopicWidth);
    const std::string statement = sanitize(finding["statement"].text());
    const std::string evidence = "(" + sanitize(finding["evidence"].text()) + ")";
    if (display_width(head) + display_width(statement) + 2 + display_width(evidence) <= width()) {
      text_ += head + statement + "  " + paint(terminal_, Style::dim, evidence) + '\n';
      return;
    }
    put(head, statement);
    put(std::string(display_width(head), ' '), evidence, Style::dim);
  }

  const Record& record_;
  const Terminal& terminal_;
  std::string text_;
};

class LadderView final : public View {
 public:
  explicit LadderView(Output& out) : out_(out) {}

  void start(const Record&) override {}
  void result(const Record& handshake) override {
    if (shown_++ != 0) out_.write("\n");
    out_.write(render_ladder(handshake, out_.terminal()));
    out_.end_record();
  }
  void summary(const Record& summary) override {
    if (shown_ < 2) return;
    out_.line(fmt::format("\n{} of {} targets: a connection opened", summary["established"].text(),
                          summary["targets"].text()));
  }

 private:
  Output& out_;
  unsigned shown_ = 0;
};

}  // namespace

std::vector<std::string> break_notation(const std::string& notation, std::size_t width) {
  if (notation.size() <= width) return {notation};
  std::vector<std::string> lines;
  std::string rest = notation;
  const auto options = rest.find('<');
  if (options != std::string::npos && options != 0) {
    lines.push_back(rest.substr(0, options - 1));
    rest.erase(0, options);
  }
  while (rest.size() > width) {
    const auto comma = rest.rfind(',', width - 1);
    const std::size_t cut = comma == std::string::npos ? width : comma + 1;
    lines.push_back(rest.substr(0, cut));
    rest.erase(0, cut);
  }
  lines.push_back(rest);
  return lines;
}

std::string render_ladder(const Record& handshake, const Terminal& terminal) {
  return Ladder(handshake, terminal).render();
}

std::unique_ptr<View> make_ladder_view(Output& out) { return std::make_unique<LadderView>(out); }

}  // namespace tcp::cmd
