// SPDX-License-Identifier: MIT
// tcpbox sockets: how rows are laid out, ordered, grouped and captured, and what keys do to a live table.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "cmd/sockets_columns.hpp"
#include "cmd/sockets_group.hpp"
#include "cmd/sockets_json.hpp"
#include "cmd/sockets_notes.hpp"
#include "cmd/sockets_order.hpp"
#include "cmd/sockets_states.hpp"
#include "cmd/sockets_table.hpp"
#include "cmd/sockets_watch.hpp"

namespace tcp::cmd {
namespace {

using sockets::SocketInfo;
using sockets::SocketRow;

constexpr Terminal kPipe{};
constexpr Terminal kTerminal{.is_terminal = true, .width = 80, .height = 24, .colour = false, .unicode = true};

SocketInfo make_socket(const char* local, const char* remote, std::uint16_t port, TcpState state) {
  SocketInfo socket;
  socket.state = state;
  socket.local = {*parse_ip_address(local), port};
  if (remote != nullptr) socket.remote = {*parse_ip_address(remote), 50000};
  return socket;
}

std::string table_of(const std::vector<SocketInfo>& sockets, std::string_view columns, const Terminal& terminal,
                     const std::vector<sockets::Holder>& holders = {}) {
  std::string text;
  SocketNames names(true);
  SocketTable table([&](std::string_view line) { text += line; }, terminal, *parse_columns(columns),
                    {terminal.is_terminal, &names}, false);
  for (const SocketInfo& socket : sockets) table.row({&socket, holders, {}, {}, {}});
  table.finish();
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

constexpr const char* kLong = "fd12:3456:789a:bcde:f012:3456:789a:bcde";
constexpr const char* kUsual = "state,recv_queue,send_queue,local,remote,process";

}  // namespace

TEST_CASE("sockets: a table in a pipe has a line a socket, and nothing is cut") {
  const std::vector<SocketInfo> sockets{make_socket("127.0.0.1", "127.0.0.2", 80, TcpState::established),
                                        make_socket(kLong, kLong, 443, TcpState::established),
                                        make_socket("0.0.0.0", nullptr, 22, TcpState::listen)};
  const auto lines = lines_of(table_of(sockets, "state,local,remote", kPipe));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("STATE        LOCAL"));
  CHECK(lines[1].starts_with("ESTABLISHED  127.0.0.1:80"));
  CHECK(lines[1].find("127.0.0.2:50000") == lines[0].find("REMOTE"));
  CHECK(lines[2].ends_with("[fd12:3456:789a:bcde:f012:3456:789a:bcde]:50000"));
  CHECK(lines[3].ends_with("-"));
}

TEST_CASE("sockets: no row, no heading") { CHECK(table_of({}, "state", kPipe).empty()); }

TEST_CASE("sockets: on a terminal nothing is wider than it, and addresses stay whole") {
  const sockets::Process process{4711, 0, "a-process-name", {}, {}, {}};
  const std::vector<sockets::Holder> holders{{&process, 3}};
  const std::vector<SocketInfo> sockets{make_socket("192.168.100.100", "192.168.200.200", 54321, TcpState::established),
                                        make_socket(kLong, kLong, 54321, TcpState::established),
                                        make_socket(kLong, nullptr, 443, TcpState::listen)};
  const std::string text = table_of(sockets, kUsual, kTerminal, holders);
  for (const std::string& line : lines_of(text)) CHECK_MESSAGE(display_width(line) <= 80, line);
  CHECK(text.find("[fd12:3456:789a:bcde:f012:3456:789a:bcde]:54321\n") != std::string::npos);
  CHECK(text.find("[fd12:3456:789a:bcde:f012:3456:789a:bcde]:50000") != std::string::npos);
  CHECK(text.find("192.168.100.100:54321") != std::string::npos);
}

TEST_CASE("sockets: a row goes on in as many lines as its addresses need") {
  const std::vector<SocketInfo> one{make_socket(kLong, kLong, 54321, TcpState::established)};
  const std::string text = table_of(one, "netns,state,recv_queue,send_queue,local,remote,cookie,inode", kTerminal);
  for (const std::string& line : lines_of(text)) CHECK_MESSAGE(display_width(line) <= 80, line);
  CHECK(text.find("[fd12:3456:789a:bcde:f012:3456:789a:bcde]:54321\n") != std::string::npos);
  CHECK(text.find("[fd12:3456:789a:bcde:f012:3456:789a:bcde]:50000") != std::string::npos);
}

TEST_CASE("sockets: a name that is cut keeps the number of its process") {
  const sockets::Process process{4711, 0, "a-very-long-name-of-a-process", {}, {}, {}};
  const std::vector<sockets::Holder> holders{{&process, 3}};
  const std::vector<SocketInfo> one{make_socket("127.0.0.1", "127.0.0.2", 80, TcpState::established)};
  const std::string text = table_of(one, "state,local,remote,rtt,process", {.is_terminal = true, .width = 72}, holders);
  CHECK(lines_of(text).size() == 2);
  CHECK(text.find(".[4711]") != std::string::npos);
  CHECK(table_of(one, kUsual, kPipe, holders).find("a-very-long-name-of-a-process[4711]") != std::string::npos);
}

TEST_CASE("sockets: what comes after the first rows is written in their columns") {
  std::vector<SocketInfo> sockets(SocketTable::kSample,
                                  make_socket("127.0.0.1", "127.0.0.2", 80, TcpState::established));
  sockets.push_back(make_socket(kLong, "127.0.0.2", 80, TcpState::listen));
  sockets.push_back(sockets.front());
  const auto lines = lines_of(table_of(sockets, "local,remote", kPipe));
  REQUIRE(lines.size() == SocketTable::kSample + 3);
  CHECK(lines.back() == lines[1]);
  CHECK(lines[lines.size() - 2] == "[fd12:3456:789a:bcde:f012:3456:789a:bcde]:80  127.0.0.2:50000");
}

TEST_CASE("sockets: a captured row is the row") {
  const SocketInfo socket = make_socket("127.0.0.1", "127.0.0.2", 80, TcpState::established);
  std::string direct;
  std::string captured;
  SocketNames names(true);
  for (std::string* text : {&direct, &captured}) {
    SocketTable table([&](std::string_view line) { *text += line; }, kPipe, *parse_columns(kUsual), {false, &names},
                      true);
    std::string cells;
    table.capture(cells, {&socket, {}, {}, {}, {}});
    text == &direct ? table.row({&socket, {}, {}, {}, {}}) : table.captured(cells);
    table.finish();
  }
  CHECK(direct == captured);
  CHECK(lines_of(direct).size() == 2);
}

TEST_CASE("sockets: states by RFC 9293's names, ss's and groups") {
  using sockets::state_bit;
  CHECK(*parse_state_words({"time-wait,LISTEN", "estab"}) ==
        (state_bit(TcpState::time_wait) | state_bit(TcpState::listen) | state_bit(TcpState::established)));
  CHECK((*parse_state_word("connected") & state_bit(TcpState::listen)) == 0);
  CHECK((*parse_state_word("synchronized") & state_bit(TcpState::syn_sent)) == 0);
  CHECK((*parse_state_word("big") & *parse_state_word("bucket")) == 0);
  CHECK((*parse_state_word("big") | *parse_state_word("bucket")) == kAllStates);
  CHECK(parse_state_word("time-wiat").error().message().find("did you mean 'time-wait'?") != std::string::npos);
  CHECK_FALSE(parse_state_words({"listen,"}));
  CHECK_FALSE(parse_state_words({""}));
}

TEST_CASE("sockets: columns are named, and every name is a column once") {
  std::vector<std::string_view> names;
  for (const SocketColumn& column : socket_columns()) {
    names.push_back(column.name);
    CHECK((column.number != nullptr) + (column.text != nullptr) + (column.info != nullptr) == 1);
    CHECK_FALSE(column.description.empty());
  }
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
  CHECK_FALSE(parse_columns("local,"));
  CHECK_FALSE(parse_columns(""));
  std::string many = "local";
  for (std::size_t i = 0; i < kMostColumns; ++i) many += ",local";
  CHECK_FALSE(parse_columns(many));
}

TEST_CASE("sockets: numbers for people and for programs") {
  const auto human = [](std::uint64_t number, Unit unit) {
    std::string text;
    append_human(text, number, unit);
    return text;
  };
  CHECK(human(0, Unit::bytes) == "0");
  CHECK(human(12595, Unit::bytes) == "12.3 KiB");
  CHECK(human(45000, Unit::microseconds) == "45.0 ms");
  CHECK(human(1448, Unit::packet_bytes) == "1448");
  CHECK(human(~0ULL - 1, Unit::milliseconds).ends_with(" s"));
  CHECK(human(~0ULL - 1, Unit::microseconds).ends_with(" s"));
  CHECK(key_suffix("bytes_sent", Unit::bytes).empty());
  CHECK(key_suffix("segs_in", Unit::segments).empty());
  CHECK(key_suffix("snd_cwnd", Unit::segments) == "_segments");
}

TEST_CASE("sockets: rows in order, the unknown last in either direction") {
  const auto order = [](bool descending, std::size_t most) {
    SortedRows rows(descending, most);
    const auto add = [&](SortKey key, const char* text) {
      rows.add(std::move(key), [&](std::string& out) { out = text; });
    };
    add({true, 5, {}}, "five");
    add({false, 0, {}}, "unknown");
    add({true, 9, {}}, "nine");
    add({true, 1, {}}, "one");
    add({true, 5, {}}, "another five");
    return rows.take();
  };
  using Texts = std::vector<std::string>;
  CHECK(order(false, 100) == Texts{"one", "five", "another five", "nine", "unknown"});
  CHECK(order(true, 100) == Texts{"nine", "five", "another five", "one", "unknown"});
  CHECK(order(true, 2) == Texts{"nine", "five"});
  CHECK(order(false, 2) == Texts{"one", "five"});
  CHECK(order(false, 0).empty());
}

TEST_CASE("sockets: what is not kept is not written") {
  SortedRows rows(true, 1);
  int written = 0;
  for (std::uint64_t i = 10; i > 0; --i) rows.add({true, i, {}}, [&](std::string&) { ++written; });
  CHECK(written == 1);
}

TEST_CASE("sockets: addresses are sorted as addresses") {
  SocketNames names(true);
  const SocketColumn& local = **find_socket_column("local");
  const auto key = [&](const char* address, std::uint16_t port) {
    const SocketInfo socket = make_socket(address, nullptr, port, TcpState::listen);
    return sort_key(local, {&socket, {}, {}, {}, {}}, {false, &names}).text;
  };
  CHECK(key("10.0.0.9", 80) < key("10.0.0.10", 80));
  CHECK(key("10.0.0.9", 80) < key("10.0.0.9", 1000));
  CHECK(key("200.0.0.1", 80) < key("::1", 80));
}

TEST_CASE("sockets: words for sorting") {
  CHECK(parse_sort_word("rtt", false)->descending == false);
  CHECK(parse_sort_word("rtt", true)->descending == true);
  CHECK(parse_sort_word("rtt:asc", true)->descending == false);
  CHECK(parse_sort_word("rtt:desc", false)->name == "rtt");
  CHECK_FALSE(parse_sort_word("rtt:", false));
}

TEST_CASE("sockets: groups count and sum") {
  SocketNames names(true);
  const CellStyle style{false, &names};
  auto groups = SocketGroups::make("local-port");
  REQUIRE(groups);
  SocketInfo socket = make_socket("127.0.0.1", "127.0.0.2", 80, TcpState::established);
  socket.receive_queue = 7;
  groups->add({&socket, {}, {}, {}, {}}, style);
  groups->add({&socket, {}, {}, {}, {}}, style);
  SocketInfo listener = make_socket("127.0.0.1", nullptr, 80, TcpState::listen);
  listener.receive_queue = 1000;  // connections
  groups->add({&listener, {}, {}, {}, {}}, style);
  socket.local.port = 443;
  groups->add({&socket, {}, {}, {}, {}}, style);
  const auto sorted = groups->sorted({"sockets", true}, 10);
  REQUIRE(sorted);
  REQUIRE(sorted->size() == 2);
  CHECK((*sorted)[0].key == "80");
  CHECK((*sorted)[0].sums.sockets == 3);
  CHECK((*sorted)[0].sums.receive_queue == 14);
  CHECK((*groups->sorted({"group", false}, 1))[0].key == "443");
  CHECK_FALSE(groups->sorted({"rtt", false}, 1));
  CHECK(SocketGroups::make("proces").error().message().find("did you mean 'process'?") != std::string::npos);
}

TEST_CASE("sockets: groups by address fit a terminal, and their names are whole") {
  SocketNames names(true);
  const CellStyle style{false, &names};
  auto groups = SocketGroups::make("remote");
  REQUIRE(groups);
  const SocketInfo socket = make_socket(kLong, kLong, 80, TcpState::established);
  groups->add({&socket, {}, {}, {}, {}}, style);
  const std::string text = groups->to_text(*groups->sorted({"sockets", true}, 10), kTerminal);
  for (const std::string& line : lines_of(text)) CHECK_MESSAGE(display_width(line) <= 80, line);
  CHECK(text.find(kLong) != std::string::npos);
  CHECK(text.find("RETRANS") != std::string::npos);
}

TEST_CASE("sockets: a listener has no connection's tcp_info to show") {
  const SocketColumn* column = *find_socket_column("sacked");
  SocketInfo socket = make_socket("127.0.0.1", nullptr, 80, TcpState::listen);
  std::array<std::uint8_t, 104> bytes{};
  bytes[28] = 16;  // tcpi_sacked: the limit of the accept queue
  socket.tcp_info.assign(bytes);
  CHECK_FALSE(column->number_of({&socket, {}, {}, {}, {}}));
  socket.state = TcpState::established;
  CHECK(column->number_of({&socket, {}, {}, {}, {}}) == 16);
}

TEST_CASE("sockets: keys sort and filter a live table") {
  WatchControl control(4, 2, true);
  CHECK_FALSE(control.press(""));
  CHECK(control.press("s"));
  CHECK(control.sorted_by() == 3);
  control.press("s");
  CHECK(control.sorted_by() == 0);
  control.press("S\x1b[D\x1b[C");
  CHECK(control.sorted_by() == 3);
  control.press("r");
  CHECK_FALSE(control.descending());
  control.press("/sq\x7f");
  CHECK(*control.typing() == "s");
  CHECK_FALSE(control.take_filter());
  control.press("port = :80\r");
  CHECK_FALSE(control.typing());
  CHECK(*control.take_filter() == "sport = :80");
  CHECK_FALSE(control.take_filter());
  control.press("/abc\x1b");
  CHECK_FALSE(control.typing());
  CHECK_FALSE(control.quit());
  control.press("/" + std::string(2000, 'x'));
  CHECK(control.typing()->size() == 512);
  control.press("\x1b");
  control.press("q");
  CHECK(control.quit());
}

TEST_CASE("sockets: full accept queues are told, and only so many of them") {
  SocketsNotes notes;
  SocketInfo socket = make_socket("0.0.0.0", nullptr, 80, TcpState::listen);
  socket.receive_queue = socket.send_queue = 128;
  notes.see({&socket, {}, {}, {}, {}});
  socket.receive_queue = 129;
  for (int i = 0; i < 150; ++i) notes.see({&socket, {}, {}, {}, {}});
  const Record summary = notes.summary(true);
  REQUIRE(summary["warnings"].list()->size() == 100);
  CHECK(summary["warnings"].list()->front().text() == "accept queue of 0.0.0.0:80 is full (129 of 128)");
}

TEST_CASE("sockets: an object holds every key whatever is known") {
  SocketNames names(true);
  const SocketInfo socket = make_socket("127.0.0.1", nullptr, 80, TcpState::listen);
  const sockets::Process process{7, 0, "a\"b\xff", "/x", {}, {}};
  const std::vector<sockets::Holder> holders{{&process, 3}};
  std::string text;
  append_json(text, {&socket, holders, {}, {}, {}}, {true, &names});
  CHECK(text.starts_with(R"({"type":"socket","netns":null,"protocol":"tcp","state":"LISTEN")"));
  CHECK(text.find(R"("process":"a\"b)"
                  "\xef\xbf\xbd\"") != std::string::npos);
  CHECK(text.find(R"("tcp_info":null)") != std::string::npos);
  CHECK(text.find(R"("remote_address":null,"remote_port":null)") != std::string::npos);
}

}  // namespace tcp::cmd
