// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <set>
#include <sstream>

#include "cmd/command.hpp"
#include "cmd/output/csv.hpp"
#include "cmd/output/html.hpp"
#include "cmd/output/xml.hpp"
#include "cmd/scan_baseline.hpp"
#include "cmd/scan_hosts.hpp"
#include "cmd/scan_probe_options.hpp"
#include "cmd/scan_progress.hpp"
#include "cmd/scan_record.hpp"
#include "cmd/scan_words.hpp"

using namespace tcp;
using namespace tcp::cmd;
using scan::PortState;
using scan::Reason;

namespace {

std::string refusal(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "scan");
  const auto invocation = parse_command_line(arguments);
  return invocation ? "accepted" : invocation.error().message();
}

scan::PortResult result(const char* address, std::uint16_t port, PortState state) {
  scan::PortResult result;
  result.target = {*parse_ip_address(address), port};
  result.state = state;
  result.reason = state == PortState::open ? Reason::syn_ack : Reason::rst;
  result.probes_sent = 1;
  return result;
}

constexpr const char* kEarlier =
    "{\"type\":\"start\",\"schema\":\"tcpbox.scan/1\",\"started\":\"then\",\"technique\":\"syn\"}\n"
    "{\"type\":\"port\",\"target\":\"10.0.0.1\",\"port\":22,\"state\":\"open\",\"rtt_us\":null}\n"
    "{\"type\":\"port\",\"target\":\"10.0.0.1\",\"port\":80,\"state\":\"closed\",\"more\":[{\"port\":1}]}\n"
    "{\"type\":\"port\",\"target\":\"2001:db8::1\",\"port\":443,\"state\":\"filtered\"}\n"
    "{\"type\":\"port\",\"target\":\"nonsense\",\"port\":443,\"state\":\"open\"}\n"
    "{\"type\":\"summary\",\"complete\":true}\n";

Result<ScanBaseline> baseline_of(const std::string& text) {
  std::istringstream stream(text);
  return ScanBaseline::read(stream, "FILE");
}

std::string change_of(const ScanBaseline& baseline, const scan::PortResult& now) {
  const auto change = baseline.compare(now);
  return change ? std::string(kind_of(*change)) + ", " + explain(*change) : "none";
}

}  // namespace

TEST_CASE("words for probes that make no sense are refused by name") {
  const std::string target = "127.0.0.1";
  CHECK(refusal({target, "--technique", "udp"}) ==
        "--technique 'udp': must be auto, syn, connect, fin, null, xmas, maimon, ack, window or list");
  CHECK(refusal({target, "--flags", "syn,sin"}).starts_with("--flags 'syn,sin': must be names between commas"));
  CHECK(refusal({target, "--flags", "rst"}) == "--flags 'rst': nobody answers a segment with RST");
  CHECK(refusal({target, "--technique", "connect", "--ttl", "9"}) ==
        "--ttl: has no use with --technique connect: the kernel makes those segments");
  CHECK(refusal({target, "--ttl", "0"}) == "--ttl '0': must be a number from 1 to 255");
  CHECK(refusal({target, "--mss", "65536"}) == "--mss '65536': must be a number from 1 to 65535");
  CHECK(refusal({target, "--mss", "9", "--technique", "fin"}) == "--mss: only a probe with SYN carries it");
  CHECK(refusal({target, "--source", "224.0.0.1"}) == "--source '224.0.0.1': must be the address of one host");
  CHECK(refusal({target, "--source-port", "0"}) == "--source-port '0': must be a number from 1 to 65535");
  CHECK(refusal({target, "--gateway-mac", "02"}).starts_with("--gateway-mac: "));
  CHECK(refusal({target, "--vlan", "4095"}) == "--vlan '4095': must be a number from 0 to 4094");
  CHECK(refusal({target, "--vlan", "7"}) == "--vlan: needs --gateway-mac");
  CHECK(refusal({target, "--vlan", "0", "--gateway-mac", "02:00:5e:10:00:01", "--mss", "536", "--ttl", "255",
                 "--no-options"}) == "accepted");
  CHECK(refusal({"--technique", "list"}) == "accepted");
}

TEST_CASE("options settle into a probe") {
  ScanProbeWords words;
  words.flags = "psh,ack";
  words.time_to_live = "9";
  const auto options = settle(words);
  REQUIRE(options);
  CHECK(options->technique->name == "ack");
  CHECK(options->shape.control_bits == (packet::control::psh | packet::control::ack));
  CHECK(options->shape.time_to_live == 9);
  words.technique = "window";
  CHECK(settle(words)->technique->name == "window");
  CHECK(settle(ScanProbeWords{})->technique == nullptr);
  ScanProbeWords raw;
  raw.source_port = "7";
  CHECK(settle(raw)->technique->name == "syn");  // there is nothing to fall back to
}

TEST_CASE("everything that decides what an answer means is in the words for a probe") {
  const auto words_of = [](const auto& change) {
    ScanProbeWords words;
    change(words);
    return to_string(*settle(words));
  };
  const std::vector<std::string> all{words_of([](ScanProbeWords&) {}),
                                     words_of([](ScanProbeWords& w) { w.technique = "fin"; }),
                                     words_of([](ScanProbeWords& w) { w.flags = "syn,ece"; }),
                                     words_of([](ScanProbeWords& w) { w.flags = "syn,ece,cwr"; }),
                                     words_of([](ScanProbeWords& w) { w.segment_size = "536"; }),
                                     words_of([](ScanProbeWords& w) { w.time_to_live = "3"; }),
                                     words_of([](ScanProbeWords& w) { w.no_options = true; }),
                                     words_of([](ScanProbeWords& w) { w.source = "192.0.2.1"; }),
                                     words_of([](ScanProbeWords& w) { w.source_port = "53"; }),
                                     words_of([](ScanProbeWords& w) { w.interface = "eth0"; }),
                                     words_of([](ScanProbeWords& w) { w.gateway_mac = "02:00:00:00:00:01"; }),
                                     words_of([](ScanProbeWords& w) {
                                       w.gateway_mac = "02:00:00:00:00:01";
                                       w.vlan = "7";
                                     })};
  CHECK(std::set(all.begin(), all.end()).size() == all.size());
}

TEST_CASE("words for targets, ports and outputs that make no sense are refused by name") {
  CHECK(refusal({}) == "TARGET: is required");
  CHECK(refusal({"@"}) == "target '@': the name of a file is missing");
  CHECK(refusal({"--targets-file", "any"}) == "accepted");
  CHECK(refusal({"-"}) == "accepted");
  CHECK(refusal({"127.0.0.1", "--exclude", "10.0.0.9-1"}) == "--exclude: target '10.0.0.9-1': '9-1' is reversed");
  CHECK(refusal({"127.0.0.1", "--top", "0"}).starts_with("--top '0': must be a number from 1 to 1"));
  CHECK(refusal({"127.0.0.1", "--top", "9", "-p", "80"}) == "--ports and --top: choose one of them");
  CHECK(refusal({"127.0.0.1", "-p", "80", "--exclude-ports", "http"}) ==
        "--exclude-ports 'http': no port is left to scan");
  CHECK(refusal({"127.0.0.1", "-p", "zzz*"}) == "--ports: service 'zzz*': no service with a tcp port is called that");
  CHECK(refusal({"127.0.0.1", "--csv", "--xml"}).contains("choose one for standard output"));
  CHECK(refusal({"127.0.0.1", "--output", "pdf=x"}).starts_with("--output 'pdf=x': must be FORMAT=FILE"));
  CHECK(refusal({"127.0.0.1", "--output", "csv="}).contains("must be FORMAT=FILE"));
  CHECK(refusal({"127.0.0.1", "--stream", "--json"}).starts_with("--stream: is about text"));
  CHECK(refusal({"127.0.0.1", "--list", "--xml"}).starts_with("--list: shows text"));
  CHECK(refusal({"127.0.0.1", "--output", "csv=a", "--output", "html=b", "--json"}) == "accepted");
}

TEST_CASE("cells that a spreadsheet would run, or that hold what separates cells, are quoted") {
  CHECK(csv_cell("plain") == "plain");
  CHECK(csv_cell("a,b") == "\"a,b\"");
  CHECK(csv_cell("say \"x\"") == "\"say \"\"x\"\"\"");
  CHECK(csv_cell("=1+1") == "\"'=1+1\"");
  for (const char* cell : {"+1", "-1", "@a", "\tx", "\rx"}) CHECK(csv_cell(cell).starts_with("\"'"));
  CHECK(csv_row({"a", "", "b\nc"}) == "a,,\"b\nc\"\n");
}

TEST_CASE("markup from outside stays text, and what XML has no place for is replaced") {
  CHECK(xml_escape("<a href=\"x\">'&") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
  CHECK(xml_escape(std::string("a\0b\x1b\x0b", 5)) == "a\uFFFDb\uFFFD\uFFFD");
  CHECK(xml_escape("\xef\xbf\xbf\xff") == "\uFFFD\uFFFD");
  CHECK(xml_escape("a\tb\n") == "a&#9;b&#10;");
  CHECK(html_row({{"</td><script>", "\"", {}}}, {"H"}) ==
        "<tr><td data-key=\"&quot;\" data-label=\"H\">&lt;/td&gt;&lt;script&gt;</td></tr>\n");
}

TEST_CASE("an earlier scan tells what opened, closed and changed") {
  const auto baseline = baseline_of(kEarlier);
  REQUIRE(baseline);
  CHECK(baseline->size() == 3);
  CHECK(baseline->complete());
  CHECK(baseline->started() == "then");
  CHECK(change_of(*baseline, result("10.0.0.1", 22, PortState::open)) == "none");
  CHECK(change_of(*baseline, result("10.0.0.1", 22, PortState::filtered)) == "closed, was open");
  CHECK(change_of(*baseline, result("10.0.0.1", 80, PortState::open)) == "opened, was closed");
  CHECK(change_of(*baseline, result("2001:db8::1", 443, PortState::closed)) == "changed, was filtered");
  CHECK(change_of(*baseline, result("10.0.0.2", 22, PortState::open)) == "opened, was not open");
  CHECK(change_of(*baseline, result("10.0.0.2", 22, PortState::closed)) == "none");
  CHECK(change_of(*baseline, result("10.0.0.1", 22, PortState::error)) == "none");
}

TEST_CASE("a baseline may be a document, indented or not, and is refused when it is something else") {
  const std::string document =
      R"({"type":"report","run":{"type":"start","schema":"tcpbox.scan/1","technique":"syn"},
          "results":[ {"type":"port","target":"10.0.0.1","port":22,"state":"open"} ]})";
  REQUIRE(baseline_of(document));
  CHECK(baseline_of(document)->size() == 1);
  CHECK_FALSE(baseline_of(document)->complete());
  CHECK(baseline_of("").error().message() == "FILE: must be the --json or --ndjson output of tcpbox scan");
  CHECK(baseline_of("{}").error().message().contains("must be the --json"));
  CHECK(baseline_of("{\"type\":").error().message().contains("no JSON at byte"));
  CHECK(baseline_of("<nmaprun>").error().message().contains("no JSON at byte 1"));
  CHECK(baseline_of(std::string(33, '[')).error().message().contains("nested too deep"));
  CHECK(baseline_of("\"" + std::string(4U << 20, 'a') + "\"").error().message().contains("no JSON"));
}

TEST_CASE("many ports alike are summed up, and hosts beyond thousands are kept for what is open") {
  const scan::Targets targets;
  ScanViewOptions options;
  options.targets = &targets;
  ScanHosts hosts(options);
  for (std::uint16_t port = 1; port <= 100; ++port) hosts.add(result("10.0.0.1", port, PortState::closed));
  hosts.add(result("10.0.0.1", 443, PortState::open));
  REQUIRE(hosts.shown().size() == 1);
  const ScanHost& host = *hosts.shown().front().second;
  CHECK(host.find(PortState::closed)->sum() == "100 closed (rst)");
  CHECK(host.find(PortState::closed)->rows.empty());
  CHECK(host.groups.front().state == PortState::open);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    scan::PortResult closed = result("10.0.0.1", 1, i == 9'999 ? PortState::open : PortState::closed);
    closed.target.address = IpAddress::v4(0x0b000000 + i);
    hosts.add(closed);
  }
  CHECK(hosts.shown().size() == 2);
  CHECK(hosts.quiet(10'001, true) == 9'999);
  CHECK(hosts.quiet(10'001, false) == std::nullopt);
}

TEST_CASE("progress is one line that fits") {
  scan::Progress progress;
  progress.pairs = 65'535;
  progress.pairs_done = 65'534;
  progress.rate = 12'345.6;
  progress.loss = 0.0123;
  progress.open = 12;
  progress.eta = std::chrono::seconds(3);
  CHECK(progress_text(progress, 79) == "99 % of 65535 ports, 12346/s, loss 1.2 %, 12 open, 0:03 left");
  CHECK(progress_text(progress, 10).size() == 10);
  CHECK(progress_text({}, 79) == "100 % of 0 ports, 0/s, 0 open");
}

TEST_CASE("notes about hosts are sentences") {
  using Kind = scan::HostNote::Kind;
  CHECK(explain(scan::HostNote{{}, Kind::rst_limited, 1000}).starts_with("limits its resets to about 1000 a second"));
  CHECK(explain(scan::HostNote{{}, Kind::host_timeout, 1'500}).starts_with("given up after 1.50 s"));
}

TEST_CASE("what was not measured is said so, not made up") {
  scan::ScanSummary summary;
  const scan::ScanOptions options;
  const auto shown = [&] {
    const Record record = to_record(summary, options);
    return record["confidence"].text() + " " + sums(record);
  };
  CHECK(shown().starts_with("- "));
  CHECK(shown().ends_with(", loss not measured, nor confidence"));
  summary.loss = 0.1;
  CHECK(shown().ends_with(", loss 10.0 %, confidence not measured"));
  summary.confidence = 0.99;
  CHECK(shown().starts_with("0.99 "));
  CHECK(shown().ends_with(", loss 10.0 %"));
}
