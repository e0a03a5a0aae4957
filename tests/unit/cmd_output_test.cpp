// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "cmd/command.hpp"
#include "cmd/output/table.hpp"
#include "cmd/output/view.hpp"
#include "libtcp/base/sanitize.hpp"
#include "libtcp/base/unique_fd.hpp"

using namespace tcp;
using namespace tcp::cmd;

TEST_CASE("what a terminal would obey is escaped") {
  CHECK(sanitize("plain é") == "plain é");
  CHECK(sanitize("a\x1b[2Jb\x07\r\n") == "a\\x1b[2Jb\\x07\\x0d\\x0a");
  CHECK(sanitize("a\u202eb\u200bc") == "a\\u{202e}b\\u{200b}c");
  CHECK(sanitize("\u0085") == "\\x85");
  CHECK(sanitize("\xff\xc0\x80") == "\uFFFD\uFFFD\uFFFD");
}

TEST_CASE("records keep their order and become JSON") {
  Record record("port");
  const std::uint8_t bytes[] = {'o', 'k', 0xff};
  record.add("port", 443).add("open", true).add("rtt_us", 1.5).add("gone", nullptr).add("names", List{"a", "b"});
  record.add_bytes("banner", bytes);
  CHECK(to_json(record) ==
        R"({"type":"port","port":443,"open":true,"rtt_us":1.5,"gone":null,"names":["a","b"],"banner":"ok)"
        "\uFFFD"
        R"(","banner_hex":"6f6bff"})");
  CHECK(record["names"].text() == "a, b");
  CHECK(record["missing"].is_null());
}

TEST_CASE("columns are as wide as they need to be, and a shrinking one gives way on a terminal") {
  Table table({{"PORT", true}, {"NAME", false, true}});
  table.add_row({"5", "short"});
  table.add_row({"65535", "a description that is long"});
  CHECK(table.render({}) == " PORT  NAME\n    5  short\n65535  a description that is long\n");
  tcp::cmd::Terminal narrow;
  narrow.is_terminal = true;
  narrow.width = 20;
  CHECK(table.render(narrow) == " PORT  NAME\n    5  short\n65535  a descriptio.\n");
}

TEST_CASE("text wraps at words") { CHECK(wrap("one two three", 8, 2) == "one two\n  three"); }

TEST_CASE("a slip of the finger finds its command") {
  const std::string_view known[] = {"listen", "connect", "scan", "ports"};
  CHECK(did_you_mean("lisen", known) == "listen");
  CHECK(did_you_mean("csan", known) == "scan");
  CHECK(did_you_mean("con", known) == "connect");
  CHECK(did_you_mean("zzzzzz", known).empty());
}

TEST_CASE("a warning reaches a log file at once, data in large pieces") {
  char path[] = "/tmp/tcpbox-output-XXXXXX";
  const tcp::UniqueFd file(::mkstemp(path));
  ::unlink(path);
  const auto size = [&] { return ::lseek(file.get(), 0, SEEK_END); };
  Output log(file.get(), "log", Output::Files::line_by_line);
  log.line("warning");
  CHECK(size() == 8);
  Output data(file.get(), "data");
  data.line("record");
  CHECK(size() == 8);
  CHECK(data.finish());
  CHECK(size() == 15);
}

TEST_CASE("a failed write is kept and said") {
  const tcp::UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  Output output(full.get(), "standard output");
  output.line("lost");
  CHECK(output.failed());
  CHECK(output.finish().error().message() == "write standard output: No space left on device");
}
