// SPDX-License-Identifier: MIT
// Pictures: what they show, that nothing from outside breaks out of them, and that no text runs over the edge.
#include <doctest/doctest.h>

#include "cmd/handshake_trace_passive_html.hpp"
#include "cmd/handshake_trace_passive_record.hpp"
#include "cmd/handshake_trace_path_record.hpp"
#include "cmd/handshake_trace_picture.hpp"
#include "cmd/handshake_trace_record.hpp"
#include "cmd/output/svg.hpp"
#include "tests/unit/cmd_xml_reader.hpp"

using namespace tcp;
using namespace tcp::cmd;
using namespace std::chrono_literals;
using trace::Party;
using trace::Role;
namespace control = tcp::packet::control;

namespace {

const std::string kHostile = "\x1b[2J</text><script>alert(\"&'\")</script>\xff";

std::string flaw(const std::string& document) { return test::XmlReader(document).flaw(); }

std::size_t occurrences(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

const SvgType& type_of(const std::string& classes) {
  for (const SvgType* type : {&kSvgHeading, &kSvgBold, &kSvgText, &kSvgFixed}) {
    if (classes.starts_with(type->name)) return *type;
  }
  return kSvgSmall;
}

// The texts that reach beyond the picture, by the widths of common fonts.
std::vector<std::string> beyond_the_edge(const std::string& picture) {
  std::vector<std::string> found;
  const test::XmlReader reader(picture);
  for (const test::Element& element : reader.elements()) {
    if (element.name != "text") continue;
    const double x = std::stod(element["x"]);
    const double width = svg_width(element.text, type_of(element["class"]));
    const std::string anchor = element["text-anchor"];
    const double left = anchor == "end" ? x - width : anchor == "middle" ? x - width / 2 : x;
    if (left < 0 || left + width > Svg::kWidth) found.push_back(element.text);
  }
  return found;
}

trace::HandshakeEvent event(Duration at, Party from, Role role, std::uint16_t bits, packet::TcpOptions options = {}) {
  trace::Segment segment;
  segment.header.control_bits = bits;
  segment.options = std::move(options);
  return {WallTime(at), true, from, role, std::move(segment)};
}

trace::HandshakeEvent router_error(Duration at, const IpAddress& sender) {
  trace::IcmpAnswer icmp;
  icmp.header.type = 3;
  icmp.header.code = 13;
  icmp.sender = sender;
  return {WallTime(at), true, Party::network, Role::icmp_error, icmp};
}

// SYN, SYN again 1.2 s later, SYN-ACK, ACK.
trace::Handshake repeated(std::uint32_t echo) {
  trace::Handshake handshake;
  handshake.tuple = {{IpAddress::v4(0xc0000201), 40000}, {IpAddress::v4(0xc0000202), 443}};
  handshake.outcome = trace::Outcome::established;
  handshake.syn_count = 2;
  const auto options = [](std::uint32_t value, std::uint32_t echoed) {
    packet::TcpOptions list;
    if (value != 0) CHECK(list.push_back(packet::Timestamps{value, echoed}));
    return list;
  };
  const bool timed = echo != 0;
  handshake.events = {
      event(0ms, Party::client, Role::syn, control::syn, options(timed ? 1000 : 0, 0)),
      event(1200ms, Party::client, Role::syn_again, control::syn, options(timed ? 2200 : 0, 0)),
      event(1210ms, Party::server, Role::syn_ack, control::syn | control::ack, options(timed ? 77 : 0, echo)),
      event(1211ms, Party::client, Role::ack, control::ack),
  };
  return handshake;
}

std::string draw(const std::string& name, const trace::Handshake& handshake) {
  KeptRun kept;
  kept.results.push_back(to_record({name, 443, handshake.tuple.remote.address, {}}, handshake));
  return draw_traces(kept);
}

// What each arrow is, without the word itself.
std::vector<std::string> arrows(const std::string& picture) {
  constexpr std::string_view kArrow = "arrow ";
  std::vector<std::string> found;
  const test::XmlReader reader(picture);
  for (const test::Element& element : reader.elements()) {
    if (element["class"].starts_with(kArrow)) found.push_back(element["class"].substr(kArrow.size()));
  }
  return found;
}

using Words = std::vector<std::string>;

trace::Path path_of(const std::vector<std::optional<IpAddress>>& hops) {
  trace::Path path;
  path.remote = {*hops.back(), 443};
  for (std::size_t i = 0; i < hops.size(); ++i) {
    trace::PathProbe& probe = path.probes.emplace_back();
    probe.hop = static_cast<std::uint8_t>(i + 1);
    probe.sent = true;
    if (!hops[i]) continue;
    trace::PathReply reply;
    reply.answer = i + 1 == hops.size() ? trace::PathAnswer::open : trace::PathAnswer::hop;
    reply.sender = *hops[i];
    reply.time = WallTime(1234567us);
    probe.reply = reply;
  }
  return path;
}

Record change(unsigned last_without, unsigned first_with) {
  Record record("path_change");
  record.add("field", "mss").add("before", "1460").add("after", kHostile);
  record.add("last_hop_without", last_without).add("first_hop_with", first_with);
  return record;
}

std::string draw(const trace::Path& path, const AddressNames& names, List changes = {}) {
  const TraceTarget target{"example", 443, path.remote.address, {}};
  trace::PathStatistics statistics;
  statistics.add(path);
  KeptRun kept;
  for (const trace::Hop& hop : statistics.hops()) kept.results.push_back(to_hop_record(target, hop, names, {}));
  const Record whole = to_path_record(target, path, statistics, {});
  Record record;
  for (const auto& [key, value] : whole.fields()) record.add(key, key == "changes" ? Value(changes) : value);
  kept.results.push_back(record);
  return draw_traces(kept);
}

Record summary_of(const trace::PassiveSummary& summary, std::uint64_t frames) {
  trace::TrackerCounts tracker;
  tracker.connections = summary.outcomes().total();
  trace::FrameCounts counts;
  counts.frames = frames;
  return to_record({.summary = summary, .tracker = tracker, .frames = counts});
}

std::string page_of(const trace::PassiveSummary& summary, std::uint64_t frames) {
  Record run("start");
  run.add("arguments", List{"handshake-trace", kHostile}).add("started", "now");
  return render_passive_page(run, summary_of(summary, frames));
}

}  // namespace

TEST_CASE("the check of the pictures finds flaws") {
  CHECK(flaw("<a b=\"c\"><d/>x &amp; y</a>").empty());
  for (const char* bad : {"<a>", "<a></b>", "<a>&</a>", "<a>x < y</a>", "<a b='c'></a>", "</a>"})
    CHECK(!flaw(bad).empty());
  CHECK(beyond_the_edge("<text x=\"600\" y=\"1\" class=\"text\">much too long</text>").size() == 1);
  CHECK(beyond_the_edge("<text x=\"0\" y=\"1\" class=\"text\">fits</text>").empty());
}

TEST_CASE("a ladder has an arrow a segment, and nothing from outside breaks out of it") {
  const std::string picture = draw(kHostile, repeated(2200));
  CAPTURE(picture);
  CHECK(flaw(picture) == "");
  CHECK(picture.find("<script") == std::string::npos);
  CHECK(picture.find('\x1b') == std::string::npos);
  CHECK(picture.find("\\x1b[2J&lt;/text&gt;") != std::string::npos);
  CHECK(arrows(picture) == Words{"client lost", "client", "server", "client"});
  CHECK(picture.find("1.2 s later") != std::string::npos);
  CHECK(picture.find("open: ") != std::string::npos);
}

TEST_CASE("which SYN is without an answer is told by the timestamps, and without them by the order") {
  CHECK(arrows(draw("a", repeated(1000))) == Words{"client", "client lost", "server", "client"});
  CHECK(arrows(draw("a", repeated(0))) == Words{"client lost", "client", "server", "client"});
  trace::Handshake silent = repeated(0);
  silent.events.resize(2);
  silent.outcome = trace::Outcome::filtered;
  CHECK(arrows(draw("a", silent)) == Words{"client lost", "client lost"});
}

TEST_CASE("an ICMP error comes from where it was sent") {
  trace::Handshake handshake = repeated(0);
  handshake.outcome = trace::Outcome::unreachable;
  handshake.events.resize(1);
  handshake.events.push_back(router_error(5ms, IpAddress::v4(0xc00002fe)));
  std::string picture = draw("a", handshake);
  CHECK(arrows(picture) == Words{"client", "router"});
  CHECK(picture.find(">router</text>") != std::string::npos);
  handshake.events[1] = router_error(5ms, handshake.tuple.local.address);
  CHECK(draw("a", handshake).find(">this host</text>") != std::string::npos);
  handshake.events[1] = router_error(5ms, handshake.tuple.remote.address);
  picture = draw("a", handshake);
  CHECK(picture.find(">router</text>") == std::string::npos);
  CHECK(picture.find(">this host</text>") == std::string::npos);
}

TEST_CASE("the longest addresses, names and options stay within the picture") {
  const IpAddress longest = *parse_ip_address("2001:db8:1111:2222:3333:4444:5555:6666");
  trace::Handshake handshake = repeated(4294967295);
  handshake.tuple = {{longest, 65535}, {longest, 65535}};
  for (trace::HandshakeEvent& event : handshake.events) {
    std::get<trace::Segment>(event.what).options = packet::linux_syn_options(1460, 4294967295, 14);
  }
  handshake.events.push_back(router_error(3000s, longest));
  for (const std::string& name : {std::string(255, 'W'), std::string(40, 'i') + " " + std::string(90, 'm')}) {
    const std::string picture = draw(name, handshake);
    CHECK(beyond_the_edge(picture) == Words());
    CHECK(flaw(picture) == "");
    CHECK(draw(path_of({longest, std::nullopt, longest}), {{longest, name}}).size() != 0);
    CHECK(beyond_the_edge(draw(path_of({longest, std::nullopt, longest}), {{longest, name}})) == Words());
  }
}

TEST_CASE("several targets share a picture, one without an address too") {
  KeptRun kept;
  kept.results.push_back(to_record({"a", 443, IpAddress::v4(1), {}}, repeated(0)));
  trace::Handshake failed;
  failed.failure = make_error(Errc::resolve_failed, kHostile).error();
  kept.results.push_back(to_record({"b", 443, {}, {}}, failed));
  kept.summary.add("complete", false);
  const std::string picture = draw_traces(kept);
  CHECK(flaw(picture) == "");
  CHECK(occurrences(picture, "<g class=\"handshake\">") == 2);
  CHECK(picture.find(">interrupted</text>") != std::string::npos);
}

TEST_CASE("a path has its hops, silent ones together, and its changes where they are") {
  const IpAddress a = IpAddress::v4(0xc0000201);
  const IpAddress b = IpAddress::v4(0xc0000202);
  const std::optional<IpAddress> none;
  const std::string picture =
      draw(path_of({a, none, none, none, a, none, b}), {{a, kHostile}}, {change(1, 5), change(5, 7)});
  CAPTURE(picture);
  CHECK(flaw(picture) == "");
  CHECK(picture.find("<script") == std::string::npos);
  CHECK(beyond_the_edge(picture) == Words());
  CHECK(occurrences(picture, "<g class=\"hop\">") == 4);
  CHECK(occurrences(picture, "<g class=\"hops\">") == 1);
  CHECK(picture.find(">hops 2 to 4: no answer</text>") != std::string::npos);
  const auto first = picture.find(">at hop 1 or later, before hop 5 quotes it</text>");
  const auto second = picture.find(">at hop 5 or later, before hop 7 quotes it</text>");
  REQUIRE(second != std::string::npos);
  CHECK(first < picture.find(">5</text>"));
  CHECK(first > picture.find(">hops 2 to 4: no answer</text>"));
  CHECK(second < picture.find(">7</text>"));
  CHECK(second > picture.find(">5</text>"));
  CHECK(picture.find("open: the target accepts, at hop 7") != std::string::npos);
}

TEST_CASE("lines break at spaces, within a word that is too long, and end in an ellipsis") {
  for (const std::string& line :
       svg_wrap(std::string(500, 'W') + " and then " + std::string(99, '\xff'), 300, kSvgText, 40)) {
    CHECK(svg_width(line, kSvgText) <= 300);
  }
  CHECK(svg_wrap("one two", 1000, kSvgText) == Words{"one two"});
  CHECK(svg_wrap("one two", svg_width("one tw", kSvgText), kSvgText) == Words{"one", "two"});
  CHECK(svg_wrap("one two three", svg_width("one two", kSvgText), kSvgText, 1).front().ends_with("…"));
  CHECK(svg_wrap("", 100, kSvgText).empty());
}

TEST_CASE("a page shows outcomes, percentiles and every class of the histogram, and may load nothing") {
  trace::PassiveSummary summary(1);
  trace::ObservedHandshake handshake;
  handshake.server = {*parse_ip_address("2001:db8::1"), 443};
  handshake.client = {*parse_ip_address("2001:db8::2"), 4000};
  handshake.outcome = trace::ObservedOutcome::established;
  for (const Duration time : {Duration(1us), Duration(3us), Duration(900us), Duration(910us), Duration(5s)}) {
    handshake.server_side = {{time, time}};
    summary.add(gist_of(handshake));
  }
  handshake.server_side.reset();
  handshake.outcome = trace::ObservedOutcome::refused;
  summary.add(gist_of(handshake));
  summary.flush();
  const std::string page = page_of(summary, 10);
  CAPTURE(page);
  CHECK(page.find("default-src 'none'; style-src 'unsafe-inline'; img-src data:") != std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find('\x1b') == std::string::npos);
  CHECK(occurrences(page, "<g class=\"bar\">") == 4);
  CHECK(page.find("<title>1.00 µs to 2.00 µs: 1</title>") != std::string::npos);
  CHECK(page.find(">83.3 %<") != std::string::npos);
  CHECK(page.find("[2001:db8::1]:443") != std::string::npos);
  CHECK(page.find(">1 refused<") != std::string::npos);
  const std::string plot = page.substr(page.find("<svg"), page.find("</svg>") + 6 - page.find("<svg"));
  CHECK(flaw(plot) == "");
  CHECK(beyond_the_edge(plot) == Words());
  CHECK(plot.find(">1 µs</text>") != std::string::npos);  // a tick at the very edge has its time, too
  const Record record = summary_of(summary, 10);
  double sum = 0;
  double end = 0;
  for (const Value& value : *record["server_side_histogram"].list()) {
    const Record& bar = *value.record();
    CHECK(std::stod(bar["begin_us"].text()) >= end);
    end = std::stod(bar["end_us"].text());
    sum += std::stod(bar["count"].text());
  }
  CHECK(sum == 5);
  CHECK(record["client_side_histogram"].list()->empty());
}

TEST_CASE("a page of nothing says so") {
  const std::string page = page_of(trace::PassiveSummary(1), 0);
  CHECK(page.find("nothing passed") != std::string::npos);
  CHECK(page.find("<svg") == std::string::npos);
  CHECK(page.ends_with("</html>\n"));
}
