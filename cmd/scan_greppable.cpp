// SPDX-License-Identifier: MIT
// A scan in the form of nmap's -oG: a line a host, fields between tabs, ports between commas.
#include <fmt/format.h>

#include "cmd/scan_banner_record.hpp"
#include "cmd/scan_hosts.hpp"
#include "cmd/scan_words.hpp"
#include "libtcp/base/sanitize.hpp"
#include "libtcp/scan/banner.hpp"

namespace tcp::cmd {
namespace {

class ScanGreppableView final : public ScanView {
 public:
  ScanGreppableView(Output& out, const ScanViewOptions& options)
      : out_(out), verbose_(options.verbose), hosts_(options) {}

  void start(const Record& run) override {
    out_.write(fmt::format("# tcpbox {} scan initiated {} as: tcpbox {}\n", run["version"].text(),
                           run["started"].text(), arguments(run)));
  }
  void port(const scan::PortResult& result) override { hosts_.add(result); }
  void host(const scan::HostFinding& finding) override {
    if (!verbose_ || finding.state() == scan::HostState::alive) return;
    out_.write(fmt::format("Host: {} ()\tStatus: Down\n", to_string(finding.host)));
  }

  void summary(const Record& summary) override {
    for (const auto& [address, host] : hosts_.shown()) print(address, *host);
    out_.write("# tcpbox done: " + sums(summary) + "\n");
    out_.end_record();
  }

 private:
  static std::string arguments(const Record& run) {
    std::string text;
    if (const List* words = run["arguments"].list()) {
      for (const Value& word : *words) text += (text.empty() ? "" : " ") + sanitize(word.text());
    }
    return text;
  }

  // port/state/protocol/owner/service/RPC/version/
  static std::string port_field(const ScanGroup& group, const ScanRow& row) {
    const scan::Banner* banner = row.banner.get();
    const bool tls = is_identified(banner) && banner->tls;
    const std::string version = field_text(version_of(banner));
    return fmt::format("{}/{}/tcp//{}{}//{}/", row.port, to_string(group.state), tls ? "ssl|" : "",
                       field_text(service_of(row.port, banner)), version);
  }

  // What separates fields, ports and lines is no part of one.
  static std::string field_text(const std::string& text) {
    std::string field = sanitize(text);
    for (char& c : field) c = c == '/' ? '|' : c == ',' ? ';' : c;
    return field;
  }

  void print(const IpAddress& address, const ScanHost& host) {
    const std::string head = fmt::format("Host: {} ({})", to_string(address), sanitize(host.name));
    if (host.is_up()) out_.write(head + "\tStatus: Up\n");
    std::string ports;
    std::string ignored;
    for (const ScanGroup& group : host.groups) {
      for (const ScanRow& row : group.rows) ports += (ports.empty() ? "" : ", ") + port_field(group, row);
      if (group.rows.empty()) {
        ignored += fmt::format("{}{} ({})", ignored.empty() ? "" : ", ", to_string(group.state), group.count);
      }
    }
    out_.write(head + "\tPorts: " + ports + (ignored.empty() ? "" : "\tIgnored State: " + ignored) + "\n");
  }

  Output& out_;
  bool verbose_;
  ScanHosts hosts_;
};

}  // namespace

std::unique_ptr<ScanView> make_scan_greppable_view(Output& out, const ScanViewOptions& options) {
  return std::make_unique<ScanGreppableView>(out, options);
}

}  // namespace tcp::cmd
