// SPDX-License-Identifier: MIT
// A scan as a page to look at, sort and search.
#include <fmt/format.h>

#include "cmd/output/html.hpp"
#include "cmd/scan_banner_record.hpp"
#include "cmd/scan_hosts.hpp"
#include "cmd/scan_words.hpp"

namespace tcp::cmd {
namespace {

const std::vector<std::string> kColumns{"Host", "Name", "Port", "State", "Service", "Reason", "RTT", "Banner"};

std::string class_of(scan::PortState state) {
  switch (style_of(state)) {
    case Style::green: return "open";
    case Style::yellow: return "filtered";
    default: return "closed";
  }
}

class ScanHtmlView final : public ScanView {
 public:
  ScanHtmlView(Output& out, const ScanViewOptions& options) : out_(out), options_(options), hosts_(options) {}

  void start(const Record& run) override {
    subtitle_ = run["started"].text() + ": tcpbox";
    if (const List* words = run["arguments"].list()) {
      for (const Value& word : *words) subtitle_ += " " + word.text();
    }
    subtitle_ += " (" + run["technique"].text() + ")";
  }
  void port(const scan::PortResult& result) override { hosts_.add(result); }
  void note(const scan::HostNote& note) override { hosts_.add(note); }
  void change(const ScanChange& change) override { changes_.push_back(change); }

  void summary(const Record& summary) override {
    out_.write(html_head("tcpbox scan", subtitle_, facts(summary), kColumns));
    std::uint64_t place = 0;
    for (const auto& [address, host] : hosts_.shown()) print(address, *host, place++);
    for (const ScanChange& change : changes_) print(change);
    out_.write(html_foot());
    out_.end_record();
  }

 private:
  [[nodiscard]] std::vector<HtmlCell> facts(const Record& summary) const {
    const auto fact = [&summary](const char* key, const char* words, const char* style) {
      return HtmlCell{fmt::format("{} {}", number(summary[key]), words), {}, style};
    };
    std::vector<HtmlCell> list{{counted(number(summary["targets"]), "host"), {}, {}},
                               fact("open", "open", "open"),
                               fact("closed", "closed", "closed"),
                               fact("filtered", "filtered", "filtered")};
    if (number(summary["open_filtered"]) > 0) list.push_back(fact("open_filtered", "open|filtered", "open"));
    if (number(summary["unfiltered"]) > 0) list.push_back(fact("unfiltered", "unfiltered", "open"));
    if (left_out_hosts(summary) > 0) list.push_back({left_out_text(summary), {}, {}});
    if (number(summary["errors"]) > 0) list.push_back(fact("errors", "not sent", "closed"));
    if (summary["complete"].text() != "yes") list.push_back({"interrupted", {}, "closed"});
    list.push_back({counted(number(summary["probes_sent"]), "probe"), {}, {}});
    if (!options_.baseline.empty()) list.push_back({counted(changes_.size(), "change"), {}, {}});
    return list;
  }

  void row(std::vector<HtmlCell> cells) { out_.write(html_row(cells, kColumns)); }

  void print(const IpAddress& address, const ScanHost& host, std::uint64_t place) {
    const HtmlCell where{to_string(address), std::to_string(place), {}};
    for (const scan::HostNote& note : host.notes) {
      row({where, {host.name}, {}, {"note", {}, "note"}, {}, {explain(note), {}, "note"}, {}, {}});
    }
    for (const ScanGroup& group : host.groups) {
      if (group.rows.empty()) {
        row({where,
             {host.name},
             {},
             {std::string(to_string(group.state)), {}, class_of(group.state)},
             {},
             {group.sum()},
             {},
             {}});
      }
      for (const ScanRow& port : group.rows) print(where, host, group.state, port);
    }
  }

  void print(const HtmlCell& where, const ScanHost& host, scan::PortState state, const ScanRow& port) {
    const std::string rtt_key = port.rtt ? std::to_string(port.rtt->count()) : std::string();
    row({where,
         {host.name},
         {std::to_string(port.port), std::to_string(port.port), "number"},
         {std::string(to_string(state)), {}, class_of(state)},
         {service_of(port.port, port.banner.get())},
         {port.explanation},
         {port.rtt ? rtt_text(port.rtt) : "", rtt_key, "number"},
         {explanation_of(port.banner.get())}});
  }

  void print(const ScanChange& change) {
    row({{to_string(change.target.address)},
         {name_of(change.target.address, *options_.targets)},
         {std::to_string(change.target.port), std::to_string(change.target.port), "number"},
         {std::string(to_string(change.now)), {}, class_of(change.now)},
         {service_text(change.target.port)},
         {std::string(kind_of(change)) + ": " + explain(change), {}, "note"},
         {},
         {}});
  }

  Output& out_;
  ScanViewOptions options_;
  ScanHosts hosts_;
  std::string subtitle_;
  std::vector<ScanChange> changes_;
};

}  // namespace

std::unique_ptr<ScanView> make_scan_html_view(Output& out, const ScanViewOptions& options) {
  return std::make_unique<ScanHtmlView>(out, options);
}

}  // namespace tcp::cmd
