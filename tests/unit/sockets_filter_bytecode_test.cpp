// SPDX-License-Identifier: MIT
// The kernel's part of a filter: a necessary condition always, the whole where it says so.
#include <arpa/inet.h>

#include "libtcp/base/unique_fd.hpp"
#include "tests/support/diag_machine.hpp"
#include "tests/support/random_filter.hpp"
#include "tests/unit/sockets_filter_support.hpp"

using namespace tcp;
using namespace tcp::sockets;
using tcp::test::at;
using tcp::test::filter;
using tcp::test::Subject;

namespace {

std::string kernel_of(const char* text) { return filter(text).explain().kernel; }
std::string here_of(const char* text) { return filter(text).explain().here; }

void compare(test::Random& random, const std::string& text, unsigned& decided) {
  CAPTURE(text);
  const Filter wanted = filter(text);
  const std::vector<std::uint8_t> bytecode = wanted.bytecode();
  REQUIRE((bytecode.empty() || test::kernel_takes(bytecode)));
  const Filter again = filter(wanted.to_string());
  CHECK(again.to_string() == wanted.to_string());
  CHECK(again.bytecode() == bytecode);
  const bool all = wanted.kernel_decides_all();
  if (all) ++decided;
  const StateSet states = wanted.states();  // as the query asks for them
  for (int i = 0; i < 60; ++i) {
    const SocketInfo socket = test::random_socket(random);
    const bool matches = wanted.matches({&socket, {}, {}, {}, {}});
    const bool passes = (states & state_bit(socket.state)) != 0 && test::selects(bytecode, socket);
    CHECK((!matches || passes));
    if (all) CHECK(matches == passes);
  }
}

}  // namespace

TEST_CASE("the kernel is told what must hold, and no more") {
  CHECK(kernel_of("dport = :443 and rtt > 50ms") == "dport = 443");
  CHECK(here_of("dport = :443 and rtt > 50ms") == "rtt > 50ms");
  CHECK(kernel_of("dport = :443 or rtt > 50ms").empty());
  CHECK(here_of("dport = :443 or rtt > 50ms") == "dport = 443 or rtt > 50ms");
  CHECK(kernel_of("not (dport = :443 or rtt > 50ms)") == "dport != 443");
  CHECK(kernel_of("not (dport = :443 and rtt > 50ms)").empty());
  CHECK(kernel_of("(sport 1 rtt > 1ms) or (sport 2 process x)") == "sport = 1 or sport = 2");
  CHECK(here_of("(sport 1 rtt > 1ms) or sport 2") == "(sport = 1 and rtt > 1ms) or sport = 2");
  CHECK(kernel_of("state established dport 1 rtt > 1ms") == "state = established and dport = 1");
  CHECK(kernel_of("(sport 1 or sport 2) dev 3 pid 4") == "(sport = 1 or sport = 2) and dev = 3");
  CHECK(here_of("state established (state listen or sport 1)") == "state = listen or sport = 1");
  CHECK(filter("rtt > 50ms").bytecode().empty());
  CHECK(filter("").explain().kernel.empty());
}

TEST_CASE("whether the kernel decides all") {
  for (const char* text : {"dport 443", "state established", "state established dport 443", "not autobound",
                           "autobound and sport > 1", "dev 2 or src 10/8", "src *", "state listen or state closed"}) {
    CHECK_MESSAGE(filter(text).kernel_decides_all(), text);
  }
  for (const char* text : {"rtt > 1ms", "dport 443 pid 1", "state established or dport 443", "cgroup /x*"}) {
    CHECK_MESSAGE(!filter(text).kernel_decides_all(), text);
  }
}

TEST_CASE("instructions are readable") {
  const auto lines = filter("sport = 22 or dst != 10.0.0.0/8:443").explain().bytecode;
  CHECK(lines == std::vector<std::string>{"    0 S_EQ 22 else 12", "    8 JMP accept",
                                          "   12 D_COND 10.0.0.0/8 port 443 else accept", "   28 JMP reject"});
  const auto rest = filter("dev 3 fwmark 0x1/0xff cgroup /system.slice/nginx.service src ::1 sport > 9 autobound");
  CHECK(rest.explain().bytecode ==
        std::vector<std::string>{"    0 DEV_COND 3 else reject", "    8 MARK_COND 0x1/0xff else reject",
                                 "   20 CGROUP_COND 77 else reject", "   32 S_COND ::1/128 else reject",
                                 "   60 S_LE 9 else 72", "   68 JMP reject", "   72 AUTO else reject",
                                 "   76 S_GE 32768 else reject", "   84 S_LE 60999 else reject"});
}

TEST_CASE("random expressions that the kernel decides: the same sockets") {
  test::Random random(1);  // NOLINT(bugprone-random-generator-seed): the same ones each time
  unsigned decided = 0;
  for (int i = 0; i < 600; ++i) compare(random, test::random_expression(random, 3, test::random_kernel_term), decided);
  CHECK(decided == 600);
}

TEST_CASE("random expressions: what matches passes the kernel") {
  test::Random random(2);  // NOLINT(bugprone-random-generator-seed): the same ones each time
  unsigned decided = 0;
  for (int i = 0; i < 1500; ++i) compare(random, test::random_expression(random, 3, test::random_term), decided);
  CHECK(decided > 100);
  CHECK(decided < 1400);
}

TEST_CASE("autobound is a port that is not locked, in the ephemeral range") {
  Subject subject;
  for (const bool locked : {false, true}) {
    for (const std::uint16_t port : {std::uint16_t{80}, std::uint16_t{32768}, std::uint16_t{60999}}) {
      subject.socket.local.port = port;
      const bool is = !locked && port >= 32768;
      CHECK(test::selects(filter("autobound").bytecode(), subject.socket, locked) == is);
      CHECK(test::selects(filter("not autobound").bytecode(), subject.socket, locked) == !is);
      CHECK(test::selects(filter("not autobound dport 443").bytecode(), subject.socket, locked) == !is);
      CHECK(test::selects(filter("not (autobound and dport 443)").bytecode(), subject.socket, locked) == !is);
      // What passed the kernel is not turned away here.
      CHECK((!is || subject.is("autobound")));
      CHECK((is || subject.is("not autobound")));
    }
  }
  subject.socket.local.port = 80;
  CHECK(!subject.is("autobound"));
}

TEST_CASE("a program longer than a request is not sent, and everything is decided here") {
  std::string text = "sport 0";
  while (text.size() < Filter::kMostBytes - 16) text += " or dst ::/1";
  const Filter wanted = filter(text);
  CHECK(wanted.kernel_decides_all());
  CHECK(test::kernel_takes(wanted.bytecode()));
  CHECK(wanted.bytecode().size() > 40000);
  FilterNames many = test::names();
  many.addresses = [](const std::string& /*host*/) -> Result<std::vector<IpAddress>> {
    return std::vector<IpAddress>(4000, *parse_ip_address("2001:db8::2"));
  };
  const auto parsed = Filter::parse("state established dst many.example", many);
  REQUIRE(parsed);
  CHECK(parsed->bytecode().empty());
  CHECK(!parsed->kernel_decides_all());
  CHECK(parsed->explain().kernel == "state = established");
  CHECK(parsed->explain().here.starts_with("dst = "));
  Subject subject;
  subject.socket.remote = at("2001:db8::2", 1);
  CHECK(parsed->matches(subject.row()));
}
