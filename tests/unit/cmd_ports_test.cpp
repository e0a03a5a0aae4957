// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "cmd/command.hpp"
#include "cmd/ports_entry.hpp"
#include "cmd/ports_query.hpp"
#include "cmd/ports_text.hpp"

using namespace tcp;
using namespace tcp::cmd;

namespace {

PortsQuery make_query(const std::string& words, std::vector<ports::Protocol> protocols = {ports::Protocol::tcp}) {
  PortsQuery query;
  if (!words.empty()) query.words = ports::parse_port_words(words).value();
  query.protocols = std::move(protocols);
  return query;
}

std::string outline(const PortsQuery& query, const ports::LocalServices& local = {}) {
  const PortsSelection selection = select_ports(query, local);
  std::string text;
  for (const auto& d : describe(selection, query, local, {})) {
    text += (text.empty() ? "" : " ") + to_string(d.ports) + "/" + std::string(to_string(d.protocol.value()));
  }
  for (const auto& service : selection.services) text += " =" + std::string(service.name);
  for (const auto& unknown : selection.unknown) text += " ?" + unknown.name;
  return text;
}

sockets::SocketInfo listener(std::uint16_t port) {
  sockets::SocketInfo socket;
  socket.state = TcpState::listen;
  socket.local = {IpAddress::any(Family::v4), port};
  socket.user_id = 33;
  return socket;
}

Record record_of(std::uint16_t port, const PortHost& host = {}) {
  return to_record(ports::describe(port, ports::Protocol::tcp, {}), host, {});
}

const Record& here(const Record& record) { return *record["here"].record(); }

// What the text view writes for these results.
std::string rendered(const std::vector<Record>& results) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  Output out(ends[1], "a pipe");
  const auto view = make_ports_text_view(out);
  view->start(Record("start"));
  for (const Record& result : results) view->result(result);
  view->summary(Record("summary"));
  out.flush();
  ::close(ends[1]);
  std::string text(65536, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(ends[0], text.data(), text.size()))));
  ::close(ends[0]);
  return text;
}

bool usage_error_of(const std::vector<std::string>& arguments, const std::string& message) {
  const auto invocation = parse_command_line(arguments);
  REQUIRE_FALSE(invocation);
  CHECK(invocation.error().is(Errc::invalid_input));
  CHECK(invocation.error().message() == message);
  return true;
}

}  // namespace

TEST_CASE("numbers and names are answered by port, each once") {
  CHECK(outline(make_query("443,imap,22,https")) == "22/tcp 143/tcp 443/tcp");
  CHECK(outline(make_query("rdp,HTTP-ALT")) == "591/tcp 3389/tcp 8008/tcp 8080/tcp");
}

TEST_CASE("a name of another protocol is shown with a note") {
  const PortsSelection selection = select_ports(make_query("syslog"), {});
  REQUIRE(selection.notes.size() == 1);
  CHECK(selection.notes[0] == "'syslog' has no port for the protocol asked for; shown is udp");
  CHECK(outline(make_query("syslog")) == "514/udp");
}

TEST_CASE("names without a port, unknown names, names of this host") {
  CHECK(outline(make_query("swyp")) == " =swyp");
  CHECK(outline(make_query("nonsuch")) == " ?nonsuch");
  const ports::LocalServices local({{"mine", 60001, ports::Protocol::tcp, {}}});
  CHECK(outline(make_query("mine"), local) == "60001/tcp");
}

TEST_CASE("ranges and the common table narrow the answer") {
  PortsQuery query = make_query("22,8080,50000");
  query.range = ports::find_range("registered");
  CHECK(outline(query) == "8080/tcp");
  query = make_query("20-23,4");
  query.common = true;
  CHECK(outline(query) == "20/tcp 21/tcp 22/tcp 23/tcp");
  query = make_query("", {ports::kProtocols.begin(), ports::kProtocols.end()});
  query.common = true;
  const PortsSelection selection = select_ports(query, {});
  CHECK(describe(selection, query, {}, {}).size() == ports::common_ports().size());
}

TEST_CASE("a search keeps its order and shows each port once") {
  PortsQuery query = make_query("");
  query.search = "http";
  const auto answers = describe(select_ports(query, {}), query, {}, {});
  REQUIRE(answers.size() > 50);
  CHECK(answers.front().ports.first == 80);
  CHECK(std::ranges::count_if(answers, [](const auto& a) { return a.ports.first == 80; }) == 1);
}

TEST_CASE("a record says what is registered, what is common, and what this host does") {
  PortHost host(net::HostPorts{{32768, 60999}, {{40000, 40001}}, 1024});
  host.add_listeners(ports::Protocol::tcp, {listener(443)});
  const Record https = record_of(443, host);
  CHECK(https.type() == "port");
  CHECK(https["registered_names"].text() == "https");
  CHECK((*https["range"].record())["also_known_as"].text() == "well-known");
  CHECK(here(https)["privileged"].text() == "yes");
  REQUIRE(here(https)["listeners"].list()->size() == 1);
  CHECK((*here(https)["listeners"].list()->front().record())["user_id"].text() == "33");
  const Record api = record_of(6443, host);
  CHECK((*api["common"].record())["differs_from_registration"].text() == "yes");
  CHECK(here(api)["listeners"].list()->empty());
  CHECK(here(record_of(40000, host))["ephemeral"].text() == "yes");
  CHECK(here(record_of(40000, host))["reserved"].text() == "yes");
  CHECK(here(record_of(61000, host))["ephemeral"].text() == "no");
  CHECK(here(record_of(0, host))["privileged"].text() == "no");
  CHECK(record_of(50000)["registered_names"].text().empty());
}

TEST_CASE("listeners that were not asked for are unknown, not absent") {
  CHECK(here(record_of(443))["listeners"].is_null());
}

TEST_CASE("a stretch ends where this host treats the next port differently") {
  PortHost host(net::HostPorts{{32768, 60999}, {{40000, 40001}}, 80});
  host.add_listeners(ports::Protocol::tcp, {listener(8080), listener(65535)});
  for (const std::uint16_t cut : std::vector<std::uint16_t>{80, 1024, 8080, 8081, 32768, 40000, 40002, 49152, 61000}) {
    CHECK_MESSAGE(host.cuts().contains(cut), cut);
  }
  CHECK_FALSE(host.cuts().contains(40001));
}

TEST_CASE("one answer is read in detail, several as a table") {
  const std::string detail = rendered({record_of(80)});
  CHECK(detail.starts_with("80/tcp  http\n\n  registered as   http: World Wide Web HTTP"));
  CHECK(detail.contains("  and as        www: World Wide Web HTTP"));
  CHECK(detail.contains("  on the wire     cleartext; use 443 (https) instead\n"));
  CHECK(detail.contains("  listening here  unknown\n"));
  const std::string table = rendered({record_of(22), record_of(4)});
  CHECK(table.starts_with("PORT    NAME  ON WIRE"));
  CHECK(table.contains("22/tcp  ssh   encrypted  Secure Shell"));
  CHECK(table.contains("unassigned"));
  CHECK(rendered({to_unknown_record({"nonsuch", {}})}).empty());
}

TEST_CASE("what is amiss with the words is said in one line") {
  CHECK(usage_error_of({"ports", "99999"}, "port '99999': a port is a number from 0 to 65535"));
  CHECK(usage_error_of({"ports", "90-80"}, "port '90-80': the range is reversed; did you mean 80-90?"));
  CHECK(usage_error_of({"ports", "--protocol", "icmp", "1"}, "--protocol 'icmp': must be tcp, udp, sctp, dccp or any"));
  CHECK(usage_error_of({"ports", "--range", "big"},
                       "--range 'big': must be well-known (system), registered (user) or dynamic (private)"));
  CHECK(usage_error_of({"ports", "--search", "x", "80"}, "--search and ports: choose one of them"));
  CHECK(usage_error_of({"ports"}, "port: none is given; name ports or services, or use --search, --range or --common"));
}
