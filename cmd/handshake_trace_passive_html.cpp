// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_passive_html.hpp"

#include <fmt/format.h>

#include "cmd/handshake_trace_names.hpp"
#include "cmd/handshake_trace_passive_words.hpp"
#include "cmd/handshake_trace_round_trip_plot.hpp"
#include "cmd/output/html.hpp"
#include "cmd/output/svg.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {

using namespace passive;

namespace {

constexpr std::string_view kPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ink: #1c2128; --soft: #59636e; --page: #fff; --raised: #f4f6f8; --rule: #d5dae0;
  --green: #1a7f37; --red: #cf222e; --yellow: #9a6700; --bad: #a40e26; --careful: #7d4e00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e2e6eb; --soft: #9aa4af; --page: #12161c; --raised: #1b212a;
  --rule: #303842; --green: #5bd075; --red: #ff8a80; --yellow: #e3b341; --bad: #ff8a80; --careful: #e3b341; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; background: var(--page); color: var(--ink);
  font: 16px/1.45 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.4rem; } h2 { margin: 1.6rem 0 .5rem; font-size: 1.1rem; }
.under { margin: .2rem 0; color: var(--soft); overflow-wrap: anywhere; }
ul.facts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0; padding: 0; list-style: none; }
ul.facts li { padding: .25rem .7rem; border: 1px solid var(--rule); border-radius: 1rem; background: var(--raised); }
li.wrong { color: var(--bad); font-weight: 600; } li.careful { color: var(--careful); }
ul.remarks { margin: .6rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
th { white-space: nowrap; font-weight: 600; } td.number, th.number { text-align: right; white-space: nowrap; }
td:first-child { white-space: nowrap; } td.meaning { min-width: 13rem; }
td.end { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .92em; }
td.bar { width: 38%; } td.bar span { display: block; min-width: 2px; height: .8rem; margin-top: .3rem;
  border-radius: .2rem; background: var(--soft); }
td.bar .good { background: var(--green); } td.bar .bad { background: var(--red); }
td.bar .warn { background: var(--yellow); }
.meaning { color: var(--soft); }
figure { margin: 1rem 0 0; } figure svg { display: block; width: 100%; max-width: 56rem; height: auto; }
@media (max-width: 40rem) { body { padding: 1rem; } td.bar { width: 22%; } .outcomes .meaning { display: none; }
  td.end { min-width: 11rem; white-space: normal; overflow-wrap: anywhere; } td.meaning { white-space: nowrap; }
  figure { margin: 1rem -.6rem 0; } }
)css";

std::string shown(std::string_view text) { return html_escape(sanitize(text)); }

std::string_view bar_style(Style style) {
  switch (style) {
    case Style::green: return "good";
    case Style::red: return "bad";
    case Style::yellow: return "warn";
    default: return "";
  }
}

std::string command_of(const Record& run) {
  std::string words = "tcpbox";
  if (const List* arguments = run["arguments"].list()) {
    for (const Value& word : *arguments) words += " " + word.text();
  }
  return words;
}

class HtmlPage {
 public:
  HtmlPage(const Record& run, const Record& summary) : run_(run), summary_(summary) {}

  std::string render() {
    head();
    facts();
    if (count(part("frames")["total"]) != 0) {
      outcomes();
      round_trips();
      remarks();
      servers();
      clients();
    }
    html_ += "</body>\n</html>\n";
    return std::move(html_);
  }

 private:
  struct Cell {
    std::string text;
    std::string_view style = {};  // number, end, meaning
  };

  [[nodiscard]] const Record& part(std::string_view name) const { return *summary_[name].record(); }

  void head() {
    html_ = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    html_ += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n", kPolicy);
    html_ += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    html_ += fmt::format("<title>TCP handshakes</title>\n<style>{}{}</style>\n</head>\n<body>\n", Svg::style(), kStyle);
    html_ += "<h1>TCP handshakes</h1>\n";
    const bool timed = !summary_["first"].is_null();
    paragraph(timed ? summary_["first"].text() + " to " + summary_["last"].text() : "nothing passed");
    paragraph(command_of(run_) + ", started " + run_["started"].text());
  }

  void paragraph(std::string_view words) { html_ += "<p class=\"under\">" + shown(words) + "</p>\n"; }
  void heading(std::string_view words) { html_ += "<h2>" + shown(words) + "</h2>\n"; }

  void facts() {
    const Record& connections = part("connections");
    html_ += "<ul class=\"facts\">\n";
    fact(plural(count(connections["total"]), "connection", "connections"));
    if (const auto many = count(connections["ipv6"]); many != 0) fact(fmt::format("{} over IPv6", many));
    fact(plural(count(part("frames")["total"]), "frame", "frames"));
    fact(plural(count(summary_["servers_total"]), "server", "servers"));
    fact(plural(count(summary_["clients_total"]), "client", "clients"));
    if (const auto many = count(part("frames")["dropped_by_kernel"]); many != 0) {
      fact(plural(many, "packet dropped", "packets dropped"), "wrong");
    }
    if (summary_["complete"].text() == "no") fact("ended by a signal or an error", "careful");
    html_ += "</ul>\n";
  }
  void fact(std::string_view words, std::string_view style = {}) {
    html_ += style.empty() ? "<li>" : fmt::format("<li class=\"{}\">", style);
    html_ += shown(words) + "</li>\n";
  }

  void outcomes() {
    const Record& outcomes = part("outcomes");
    double total = 0;
    for (const OutcomeWords& row : kOutcomeWords) total += number(outcomes[row.outcome]);
    if (total == 0) return;
    heading("Outcomes");
    html_ += "<div class=\"scroll\"><table class=\"outcomes\">\n<tbody>\n";
    for (const OutcomeWords& row : kOutcomeWords) {
      const std::uint64_t many = count(outcomes[row.outcome]);
      if (many == 0) continue;
      const double percent = 100 * static_cast<double>(many) / total;
      html_ += fmt::format(
          "<tr><th scope=\"row\">{}</th><td class=\"number\">{}</td><td class=\"number\">{:.1f} %</td>"
          "<td class=\"bar\"><span class=\"{}\" style=\"width:{:.1f}%\"></span></td><td "
          "class=\"meaning\">{}</td></tr>\n",
          shown(for_people(std::string(row.outcome))), many, percent, bar_style(row.style), percent, shown(row.words));
    }
    html_ += "</tbody>\n</table></div>\n";
  }

  void round_trips() {
    if (summary_["server_side"].is_null() && summary_["client_side"].is_null()) return;
    heading("Round trips");
    begin_table({{"", ""},
                 {"median", "number"},
                 {"90 %", "number"},
                 {"99 %", "number"},
                 {"least", "number"},
                 {"most", "number"},
                 {"mean", "number"},
                 {"count", "number"}});
    round_trip("to the server and back", summary_["server_side"]);
    round_trip("to the client and back", summary_["client_side"]);
    end_table();
    html_ += "<figure>" + plot_round_trips(summary_) + "</figure>\n";
  }
  void round_trip(const char* words, const Value& value) {
    const Record* times = value.record();
    if (times == nullptr) return;
    std::vector<Cell> cells{{words}};
    for (const char* key : {"median_us", "p90_us", "p99_us", "least_us", "most_us", "mean_us"}) {
      cells.push_back({duration((*times)[key]), "number"});
    }
    cells.push_back({(*times)["count"].text(), "number"});
    row(cells);
  }

  void remarks() {
    std::vector<std::string> all;
    for (const std::string& words : {ends_words(summary_), repeats_words(summary_), left_out_words(summary_)}) {
      if (!words.empty()) all.push_back(words);
    }
    const std::vector<std::string> notes = reservations(summary_);
    all.insert(all.end(), notes.begin(), notes.end());
    if (all.empty()) return;
    heading("Notes");
    html_ += "<ul class=\"remarks\">\n";
    for (const std::string& words : all) html_ += "<li>" + shown(words) + "</li>\n";
    html_ += "</ul>\n";
  }

  void servers() {
    const List& list = *summary_["servers"].list();
    if (list.empty()) return;
    heading("Servers with most handshakes");
    begin_table({{"server", ""},
                 {"handshakes", "number"},
                 {"failed", "number"},
                 {"repeated", "number"},
                 {"median", "number"},
                 {"99 %", "number"},
                 {"not established", ""}});
    for (const Value& value : list) {
      const Record& server = *value.record();
      const Record* times = server["server_side"].record();
      row({{endpoint_text(server["address"].text(), server["port"].text()), "end"},
           {server["handshakes"].text(), "number"},
           {server["failed"].text(), "number"},
           {server["retransmitted"].text(), "number"},
           {times == nullptr ? "-" : duration((*times)["median_us"]), "number"},
           {times == nullptr ? "-" : duration((*times)["p99_us"]), "number"},
           {others(*server["outcomes"].record()), "meaning"}});
    }
    end_table();
    more(list.size(), count(summary_["servers_total"]), "servers");
  }

  // "3 refused; 1 unanswered"
  static std::string others(const Record& outcomes) {
    std::vector<std::string> parts;
    for (const OutcomeWords& row : kOutcomeWords) {
      const std::uint64_t many = count(outcomes[row.outcome]);
      if (many == 0 || row.outcome == "established") continue;
      parts.push_back(fmt::format("{} {}", many, for_people(std::string(row.outcome))));
    }
    return join(parts);
  }

  void clients() {
    const List& list = *summary_["clients"].list();
    if (list.empty()) return;
    heading("Clients with most handshakes");
    begin_table({{"client", ""}, {"handshakes", "number"}, {"failed", "number"}, {"repeated", "number"}});
    for (const Value& value : list) {
      const Record& client = *value.record();
      row({{client["address"].text(), "end"},
           {client["handshakes"].text(), "number"},
           {client["failed"].text(), "number"},
           {client["retransmitted"].text(), "number"}});
    }
    end_table();
    more(list.size(), count(summary_["clients_total"]), "clients");
  }

  void more(std::size_t listed, std::uint64_t total, std::string_view what) {
    if (total > listed) paragraph(fmt::format("and {} more {}", total - listed, what));
  }

  void begin_table(const std::vector<Cell>& columns) {
    html_ += "<div class=\"scroll\"><table>\n<thead><tr>";
    for (const Cell& column : columns) cell("th scope=\"col\"", "th", column);
    html_ += "</tr></thead>\n<tbody>\n";
  }
  void row(const std::vector<Cell>& cells) {
    html_ += "<tr>";
    for (const Cell& one : cells) cell("td", "td", one);
    html_ += "</tr>\n";
  }
  void cell(std::string_view open, std::string_view close, const Cell& cell) {
    html_ += fmt::format("<{}", open);
    if (!cell.style.empty()) html_ += fmt::format(" class=\"{}\"", cell.style);
    html_ += fmt::format(">{}</{}>", shown(cell.text), close);
  }
  void end_table() { html_ += "</tbody>\n</table></div>\n"; }

  const Record& run_;
  const Record& summary_;
  std::string html_;
};

}  // namespace

std::string render_passive_page(const Record& run, const Record& summary) { return HtmlPage(run, summary).render(); }

}  // namespace tcp::cmd
