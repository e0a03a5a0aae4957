// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_passive_text.hpp"

#include <fmt/format.h>

#include "cmd/handshake_trace_names.hpp"
#include "cmd/handshake_trace_passive_words.hpp"
#include "cmd/output/table.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {

using namespace passive;

namespace {

constexpr std::string_view kHeading = "TIME (UTC)       OUTCOME      TO SERVER  TO CLIENT  CLIENT > SERVER\n";
constexpr std::size_t kIndent = 4;
constexpr std::string_view kMargin = "  ";

Style style_of(std::string_view outcome) {
  for (const OutcomeWords& row : kOutcomeWords) {
    if (row.outcome == outcome) return row.style;
  }
  return Style::plain;
}

// A lower bound, when it is ambiguous which of several was answered.
std::string side(const Record& handshake, const std::string& name) {
  const Value& shortest = handshake[name + "_us"];
  const Value& longest = handshake[name + "_longest_us"];
  if (shortest.is_null()) return "-";
  return (number(shortest) < number(longest) ? ">" : "") + duration(shortest);
}

std::string endpoint(const Record& record, const std::string& prefix) {
  return endpoint_text(record[prefix + "address"].text(), record[prefix + "port"].text());
}

std::string notes(const Record& handshake) {
  std::vector<std::string> parts;
  const std::uint64_t syns = count(handshake["syn_count"]);
  const std::uint64_t answers = count(handshake["syn_ack_count"]);
  if (syns > 1) parts.push_back(fmt::format("{} SYNs", syns));
  if (answers > 1) parts.push_back(fmt::format("{} SYN-ACKs", answers));
  if (handshake["simultaneous_open"].text() == "yes") parts.emplace_back("simultaneous open");
  if (const Record* icmp = handshake["icmp"].record()) {
    parts.push_back((*icmp)["name"].text() + ", says " + (*icmp)["sender"].text());
  }
  if (!handshake["way_in"].is_null()) parts.push_back("in " + handshake["way_in"].text());
  if (const Record* process = handshake["process"].record()) {
    parts.push_back((*process)["name"].text() + " (pid " + (*process)["pid"].text() + ")");
  }
  if (handshake["evicted"].text() == "yes") parts.emplace_back("told early: the table is full");
  return join(parts);
}

class Page {
 public:
  Page(const Record& summary, const Terminal& terminal) : summary_(summary), terminal_(terminal) {}

  std::string render() {
    if (count(part("frames")["total"]) == 0) return "nothing passed\n";
    head();
    outcomes();
    round_trips();
    if (const std::string words = ends_words(summary_); !words.empty()) put(words);
    if (const std::string words = repeats_words(summary_); !words.empty()) put(words);
    for (const std::string& words : reservations(summary_)) put("note: " + words);
    servers();
    clients();
    return std::move(text_);
  }

 private:
  [[nodiscard]] const Record& part(std::string_view name) const { return *summary_[name].record(); }

  // Within the page's margin.
  void put(std::string_view words) {
    const std::string lines = wrap(words, terminal_.width - kMargin.size(), kMargin.size());
    for (std::size_t begin = 0; begin <= lines.size();) {
      const std::size_t end = std::min(lines.find('\n', begin), lines.size());
      text_ += std::string(kMargin) + lines.substr(begin, end - begin) + '\n';
      begin = end + 1;
    }
  }

  void head() {
    const Record& frames = part("frames");
    std::string words = plural(count(part("connections")["total"]), "connection", "connections") + " in " +
                        plural(count(frames["total"]), "frame", "frames");
    if (!summary_["first"].is_null()) words += ", " + summary_["first"].text() + " to " + summary_["last"].text();
    text_ += wrap(words, terminal_.width, kIndent) + '\n';
  }

  void outcomes() {
    const Record& outcomes = part("outcomes");
    double total = 0;
    for (const OutcomeWords& row : kOutcomeWords) total += number(outcomes[row.outcome]);
    text_ += '\n';
    for (const OutcomeWords& row : kOutcomeWords) {
      const std::uint64_t many = count(outcomes[row.outcome]);
      if (many == 0) continue;
      const std::string name = fmt::format("{:<12}", for_people(std::string(row.outcome)));
      text_ += fmt::format("  {} {:>10}  {:>5.1f} %  ", paint(terminal_, row.style, name), many,
                           100 * static_cast<double>(many) / total) +
               std::string(row.words) + '\n';
    }
  }

  void round_trips() {
    text_ += '\n';
    round_trip("to the server", summary_["server_side"]);
    round_trip("to the client", summary_["client_side"]);
    if (const std::string words = left_out_words(summary_); !words.empty()) put(words);
  }

  void round_trip(std::string_view name, const Value& value) {
    const Record* times = value.record();
    if (times == nullptr) return;
    put(fmt::format("{:<14} median {}, 90 % {}, 99 % {}, most {}", name, duration((*times)["median_us"]),
                    duration((*times)["p90_us"]), duration((*times)["p99_us"]), duration((*times)["most_us"])));
  }

  void servers() {
    const List* list = summary_["servers"].list();
    if (list == nullptr || list->empty()) return;
    Table table({{"SERVER", false, true}, {"HANDSHAKES", true}, {"FAILED", true}, {"MEDIAN", true}, {"99 %", true}});
    for (const Value& value : *list) {
      const Record& server = *value.record();
      const Record* times = server["server_side"].record();
      table.add_row({endpoint(server, ""), server["handshakes"].text(), server["failed"].text(),
                     times == nullptr ? "-" : duration((*times)["median_us"]),
                     times == nullptr ? "-" : duration((*times)["p99_us"])});
    }
    text_ += '\n' + table.render(terminal_);
    more(list->size(), count(summary_["servers_total"]), "servers");
  }

  void clients() {
    const List* list = summary_["clients"].list();
    if (list == nullptr || list->empty()) return;
    Table table({{"CLIENT", false, true}, {"HANDSHAKES", true}, {"FAILED", true}, {"REPEATED", true}});
    for (const Value& value : *list) {
      const Record& client = *value.record();
      table.add_row({client["address"].text(), client["handshakes"].text(), client["failed"].text(),
                     client["retransmitted"].text()});
    }
    text_ += '\n' + table.render(terminal_);
    more(list->size(), count(summary_["clients_total"]), "clients");
  }

  void more(std::size_t listed, std::uint64_t total, std::string_view what) {
    if (total > listed) text_ += fmt::format("and {} more {}\n", total - listed, what);
  }

  const Record& summary_;
  const Terminal& terminal_;
  std::string text_;
};

class PassiveView final : public View {
 public:
  explicit PassiveView(Output& out) : out_(out) {}

  void start(const Record&) override {}
  void result(const Record& handshake) override {
    if (shown_++ == 0) out_.write(kHeading);
    out_.write(render_observed(handshake, out_.terminal()));
    out_.end_record();
  }
  void summary(const Record& summary) override {
    if (shown_ != 0) out_.write("\n");
    out_.write(render_passive_summary(summary, out_.terminal()));
    out_.end_record();
  }

 private:
  Output& out_;
  std::uint64_t shown_ = 0;
};

}  // namespace

std::string render_observed(const Record& handshake, const Terminal& terminal) {
  constexpr std::size_t kClockBegin = 11;  // of an RFC 3339 time
  constexpr std::size_t kClockLength = 15;
  const std::string outcome = handshake["outcome"].text();
  const std::string time = handshake["first"].text().substr(kClockBegin, kClockLength);
  const auto right = [](const std::string& text) {
    return std::string(9 - std::min<std::size_t>(9, display_width(text)), ' ') + text;
  };
  std::string line = fmt::format("{}  {} {}  {}  ", time,
                                 paint(terminal, style_of(outcome), fmt::format("{:<11}", for_people(outcome))),
                                 right(side(handshake, "server_side")), right(side(handshake, "client_side")));
  const std::string client = endpoint(handshake, "client_");
  const std::string server = endpoint(handshake, "server_");
  std::string ends = client + " > " + server;
  constexpr std::size_t kBeforeEnds = 15 + 2 + 11 + 1 + 9 + 2 + 9 + 2;
  const std::string indent(kIndent, ' ');
  if (terminal.is_terminal && kIndent + ends.size() > terminal.width) ends = client + " >\n" + indent + "  " + server;
  const bool fits = !terminal.is_terminal || kBeforeEnds + ends.size() <= terminal.width;
  line += fits ? ends + '\n' : '\n' + indent + ends + '\n';
  const std::string more = sanitize(notes(handshake));
  if (more.empty()) return line;
  if (!terminal.is_terminal) return line + indent + more + '\n';
  const std::string lines = wrap(more, std::max<std::size_t>(terminal.width, 40) - kIndent);
  for (std::size_t begin = 0; begin <= lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    line += indent + paint(terminal, Style::dim, lines.substr(begin, end - begin)) + '\n';
    begin = end + 1;
  }
  return line;
}

std::string render_passive_summary(const Record& summary, const Terminal& terminal) {
  return Page(summary, terminal).render();
}

std::unique_ptr<View> make_passive_view(Output& out) { return std::make_unique<PassiveView>(out); }

}  // namespace tcp::cmd
