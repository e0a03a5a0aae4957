// SPDX-License-Identifier: MIT
// A scan in nmap's XML, as its document type describes it, for the programs that read that.
#include <fmt/format.h>

#include "cmd/output/xml.hpp"
#include "cmd/scan_banner_record.hpp"
#include "cmd/scan_hosts.hpp"
#include "cmd/scan_words.hpp"
#include "libtcp/scan/banner.hpp"

namespace tcp::cmd {
namespace {

using scan::PortState;
using scan::Reason;

// nmap's words.
std::string_view word_of(Reason reason) {
  switch (reason) {
    case Reason::syn_ack: return "syn-ack";
    case Reason::rst: return "reset";
    case Reason::icmp: return "dest-unreach";
    case Reason::presence: return "echo-reply";
    case Reason::silence: return "no-response";
    case Reason::not_sent: break;
  }
  return "not-sent";
}

std::string_view word_of(PortState state) { return state == PortState::error ? "unknown" : to_string(state); }

std::string seconds_of(WallTime time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

std::string ttl_of(const std::optional<std::uint8_t>& time_to_live) { return std::to_string(time_to_live.value_or(0)); }

class ScanXmlView final : public ScanView {
 public:
  ScanXmlView(Output& out, const ScanViewOptions& options) : out_(out), options_(options), hosts_(options) {}

  void start(const Record& run) override {
    line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    line("<!DOCTYPE nmaprun>");
    std::string arguments = "tcpbox";
    if (const List* words = run["arguments"].list()) {
      for (const Value& word : *words) arguments += " " + word.text();
    }
    line(xml_open("nmaprun", {{"scanner", "nmap"},
                              {"args", arguments},
                              {"start", seconds_of(options_.started)},
                              {"startstr", run["started"].text()},
                              {"version", "tcpbox " + run["version"].text()},
                              {"xmloutputversion", "1.05"}}));
    line(xml_empty("scaninfo", {{"type", run["technique"].text()},
                                {"protocol", "tcp"},
                                {"numservices", run["ports"].text()},
                                {"services", options_.ports}}));
    line(xml_empty("verbose", {{"level", options_.verbose ? "1" : "0"}}));
    line(xml_empty("debugging", {{"level", "0"}}));
  }

  void port(const scan::PortResult& result) override { hosts_.add(result); }
  void note(const scan::HostNote& note) override { hosts_.add(note); }
  void host(const scan::HostFinding& finding) override {
    if (options_.verbose && finding.state() != scan::HostState::alive) left_out_.push_back(finding);
  }

  void summary(const Record& summary) override {
    std::uint64_t up = 0;
    for (const auto& [address, host] : hosts_.shown()) {
      if (host->is_up()) ++up;
      print(address, *host);
    }
    const Duration elapsed = std::chrono::microseconds(number(summary["elapsed_us"]));
    const std::uint64_t total = number(summary["targets"]);
    for (const scan::HostFinding& finding : left_out_) print(finding);
    if (const std::uint64_t alive = number(summary["hosts_alive"]); alive > up) up = alive;
    line("<runstats>");
    line(xml_empty("finished", {{"time", seconds_of(options_.started + elapsed)},
                                {"elapsed", fmt::format("{:.2f}", std::chrono::duration<double>(elapsed).count())},
                                {"summary", sums(summary)},
                                {"exit", "success"}}));
    line(xml_empty("hosts", {{"up", std::to_string(up)},
                             {"down", std::to_string(total - std::min(up, total))},
                             {"total", std::to_string(total)}}));
    line("</runstats>\n</nmaprun>");
    out_.end_record();
  }

 private:
  void line(const std::string& text) { out_.write(text + "\n"); }

  void print(const IpAddress& address, const ScanHost& host) {
    XmlAttributes attributes;
    std::string comment;
    for (const scan::HostNote& note : host.notes) comment += (comment.empty() ? "" : "; ") + explain(note);
    if (!comment.empty()) attributes.emplace_back("comment", comment);
    line(xml_open("host", attributes));
    print_status(host);
    line(xml_empty("address", {{"addr", to_string(address)}, {"addrtype", address.is_v4() ? "ipv4" : "ipv6"}}));
    if (!host.name.empty()) {
      line("<hostnames>" + xml_empty("hostname", {{"name", host.name}, {"type", "user"}}) + "</hostnames>");
    }
    line("<ports>");
    for (const ScanGroup& group : host.groups) {
      if (group.rows.empty()) print_extra(group);
    }
    for (const ScanGroup& group : host.groups) {
      for (const ScanRow& row : group.rows) print(group.state, row);
    }
    line("</ports>\n</host>");
  }

  void print(const scan::HostFinding& finding) {
    line(xml_open("host", {{"comment", explain(finding)}}));
    const std::string reason = finding.evidence == scan::HostEvidence::unreachable ? "host-unreach" : "no-response";
    line(xml_empty("status", {{"state", "down"}, {"reason", reason}, {"reason_ttl", "0"}}));
    const IpAddress& address = finding.host;
    line(xml_empty("address", {{"addr", to_string(address)}, {"addrtype", address.is_v4() ? "ipv4" : "ipv6"}}));
    line("</host>");
  }

  void print_status(const ScanHost& host) {
    std::string reason = "no-response";
    std::string ttl = "0";
    for (const ScanGroup& group : host.groups) {
      if (!host.is_up() || group.rows.empty()) continue;
      reason = word_of(group.rows.front().reason);
      ttl = ttl_of(group.rows.front().time_to_live);
      break;
    }
    line(xml_empty("status", {{"state", host.is_up() ? "up" : "unknown"}, {"reason", reason}, {"reason_ttl", ttl}}));
  }

  void print_extra(const ScanGroup& group) {
    std::string text =
        xml_open("extraports", {{"state", std::string(word_of(group.state))}, {"count", std::to_string(group.count)}});
    for (const auto& [reason, count] : group.reasons) {
      text += xml_empty("extrareasons", {{"reason", reason}, {"count", std::to_string(count)}, {"proto", "tcp"}});
    }
    line(text + "</extraports>");
  }

  void print(PortState state, const ScanRow& row) {
    std::string text = xml_open("port", {{"protocol", "tcp"}, {"portid", std::to_string(row.port)}});
    text += xml_empty("state", {{"state", std::string(word_of(state))},
                                {"reason", std::string(word_of(row.reason))},
                                {"reason_ttl", ttl_of(row.time_to_live)}});
    line(text + service(row) + said(row) + "</port>");
  }

  // By what it says it is certain, nmap's 10; by the table of ports a guess, its 3.
  static std::string service(const ScanRow& row) {
    const scan::Banner* banner = row.banner.get();
    const std::string name = service_of(row.port, banner);
    if (name.empty()) return {};
    if (!is_identified(banner)) return xml_empty("service", {{"name", name}, {"method", "table"}, {"conf", "3"}});
    XmlAttributes attributes{{"name", name}};
    const auto add = [&attributes](const char* key, const std::string& value) {
      if (!value.empty()) attributes.emplace_back(key, value);
    };
    add("product", banner->product);
    add("version", banner->version);
    add("extrainfo", banner->detail);
    if (banner->tls) add("tunnel", "ssl");
    add("method", "probed");
    add("conf", "10");
    return xml_empty("service", attributes);
  }

  static std::string said(const ScanRow& row) {
    const std::string text = said_by(row.banner.get());
    return text.empty() ? text : xml_empty("script", {{"id", "banner"}, {"output", text}});
  }

  Output& out_;
  ScanViewOptions options_;
  ScanHosts hosts_;
  std::vector<scan::HostFinding> left_out_;  // when they are listed
};

}  // namespace

std::unique_ptr<ScanView> make_scan_xml_view(Output& out, const ScanViewOptions& options) {
  return std::make_unique<ScanXmlView>(out, options);
}

}  // namespace tcp::cmd
