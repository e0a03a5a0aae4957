// SPDX-License-Identifier: MIT
// A scan for people: a table a host, what there is much of in one line, what has changed, and the sums.
#include <fmt/format.h>

#include <algorithm>

#include "cmd/output/table.hpp"
#include "cmd/scan_banner_record.hpp"
#include "cmd/scan_hosts.hpp"
#include "cmd/scan_words.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

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

class ScanTextView final : public ScanView {
 public:
  ScanTextView(Output& out, const ScanViewOptions& options) : out_(out), options_(options), hosts_(options) {}

  void start(const Record& /*run*/) override {}
  void port(const scan::PortResult& result) override { hosts_.add(result); }
  void note(const scan::HostNote& note) override { hosts_.add(note); }
  void host(const scan::HostFinding& finding) override {
    if (options_.verbose && finding.state() != scan::HostState::alive) left_out_.push_back(finding);
  }
  void change(const ScanChange& change) override { changes_.push_back(change); }

  void summary(const Record& summary) override {
    for (const auto& [address, host] : hosts_.shown()) print(address, *host);
    const bool complete = summary["complete"].text() == "yes";
    const auto quiet = hosts_.quiet(number(summary["targets"]) - left_out_hosts(summary), complete);
    if (quiet && *quiet > 0) out_.write(counted(*quiet, "host") + " without an open port\n\n");
    print_left_out(summary);
    if (!options_.baseline.empty()) print_changes();
    out_.write(wrap(sums(summary), out_.terminal().width, 2) + "\n");
    out_.end_record();
  }

 private:
  void print(const IpAddress& address, const ScanHost& host) {
    out_.write(paint(out_.terminal(), Style::bold, title(address, host.name)) + "\n");
    for (const scan::HostNote& note : host.notes) {
      out_.write(wrap("note: " + explain(note), out_.terminal().width, 2) + "\n");
    }
    for (const ScanGroup& group : host.groups) {
      if (group.rows.empty()) out_.write(wrap(group.sum(), out_.terminal().width, 2) + "\n");
    }
    print_table(host);
    out_.write("\n");
  }

  void print_table(const ScanHost& host) {
    Table table({{"STATE"}, {"PORT", true}, {"SERVICE", false, true}, {"REASON", false, true}, {"RTT", true}});
    std::vector<std::string> banners;
    for (const ScanGroup& group : host.groups) {
      for (const ScanRow& row : group.rows) {
        const std::string service = service_text(row.port);
        banners.push_back(banner_lines(row.banner.get(), options_.verbose, out_.terminal().width));
        table.add_row({paint(out_.terminal(), style_of(group.state), to_string(group.state)), std::to_string(row.port),
                       service.empty() ? "-" : service, row.explanation, rtt_text(row.rtt)});
      }
    }
    if (!table.empty()) out_.write(with_banners(table.render(out_.terminal()), banners));
  }

  void print_left_out(const Record& summary) {
    if (left_out_hosts(summary) == 0) return;
    out_.write(left_out_text(summary) + "\n");
    for (const scan::HostFinding& finding : left_out_) {
      const std::string where = title(finding.host, name_of(finding.host, *options_.targets));
      out_.write(fmt::format("  {}  {}: {}\n", where, to_string(finding.state()), explain(finding)));
    }
    out_.write("\n");
  }

  void print_changes() {
    if (changes_.empty()) {
      out_.write("nothing has changed since " + sanitize(options_.baseline) + "\n\n");
      return;
    }
    out_.write(counted(changes_.size(), "change") + " since " + sanitize(options_.baseline) + "\n");
    std::ranges::sort(changes_, {}, &ScanChange::target);
    Table table({{"CHANGE"}, {"TARGET"}, {"PORT", true}, {"SERVICE", false, true}, {"STATE"}, {"BEFORE", false, true}});
    for (const ScanChange& change : changes_) {
      const std::string service = service_text(change.target.port);
      table.add_row({std::string(kind_of(change)),
                     title(change.target.address, name_of(change.target.address, *options_.targets)),
                     std::to_string(change.target.port), service.empty() ? "-" : service,
                     paint(out_.terminal(), style_of(change.now), to_string(change.now)), explain(change)});
    }
    out_.write(table.render(out_.terminal()) + "\n");
  }

  Output& out_;
  ScanViewOptions options_;
  ScanHosts hosts_;
  std::vector<ScanChange> changes_;
  std::vector<scan::HostFinding> left_out_;  // when they are listed
};

// A line as soon as it is known.
class ScanStreamView final : public ScanView {
 public:
  ScanStreamView(Output& out, const ScanViewOptions& options) : out_(out), options_(options) {}

  void start(const Record& /*run*/) override {}

  void port(const scan::PortResult& result) override {
    if (!options_.verbose && result.state != scan::PortState::open && result.state != scan::PortState::error) return;
    const std::string service = service_text(result.target.port);
    std::string line = padded(paint(out_.terminal(), style_of(result.state), to_string(result.state)),
                              to_string(result.state).size(), 13);
    line += where(result.target) + "  " + (service.empty() ? "-" : service) + "  " + explain(result);
    if (result.rtt) line += "  " + rtt_text(result.rtt);
    out_.write(line + "\n" + banner_lines(result.banner.get(), options_.verbose, out_.terminal().width));
    out_.end_record();
  }
  void note(const scan::HostNote& note) override {
    out_.line("note         " + title(note.host, name_of(note.host, *options_.targets)) + " " + explain(note));
  }
  void host(const scan::HostFinding& finding) override {
    if (!options_.verbose) return;
    const std::string_view state = to_string(finding.state());
    out_.line(padded(std::string(state), state.size(), 13) +
              title(finding.host, name_of(finding.host, *options_.targets)) + "  " + explain(finding));
  }
  void change(const ScanChange& change) override {
    ++changes_;
    out_.line(padded(std::string(kind_of(change)), kind_of(change).size(), 13) + where(change.target) + "  is " +
              std::string(to_string(change.now)) + ", " + explain(change));
  }
  void summary(const Record& summary) override {
    if (!options_.baseline.empty()) {
      out_.line((changes_ == 0 ? "nothing has changed" : counted(changes_, "change")) + " since " +
                sanitize(options_.baseline));
    }
    if (left_out_hosts(summary) > 0) out_.line(left_out_text(summary));
    out_.line(wrap(sums(summary), out_.terminal().width, 2));
  }

 private:
  static std::string padded(std::string text, std::size_t columns, std::size_t width) {
    return text + std::string(width > columns ? width - columns : 1, ' ');
  }
  [[nodiscard]] std::string where(const Endpoint& target) const {
    const std::string name = name_of(target.address, *options_.targets);
    return to_string(target) + (name.empty() ? "" : " (" + name + ")");
  }

  Output& out_;
  ScanViewOptions options_;
  std::uint64_t changes_ = 0;
};

}  // namespace

std::unique_ptr<ScanView> make_scan_text_view(Output& out, const ScanViewOptions& options) {
  return std::make_unique<ScanTextView>(out, options);
}

std::unique_ptr<ScanView> make_scan_stream_view(Output& out, const ScanViewOptions& options) {
  return std::make_unique<ScanStreamView>(out, options);
}

}  // namespace tcp::cmd
