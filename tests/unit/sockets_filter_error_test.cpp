// SPDX-License-Identifier: MIT
#include "tests/unit/sockets_filter_support.hpp"

using namespace tcp;
using namespace tcp::sockets;
using tcp::test::error_of;

namespace {

struct Wrong {
  const char* text;
  const char* word;  // that the message names
  const char* why;
};

}  // namespace

TEST_CASE("an error names the word and says what would be right") {
  for (const Wrong& wrong : {
           Wrong{"rttt > 50ms", "'rttt'", "did you mean 'rtt'?"},
           Wrong{"byte_sent gt 1", "'byte_sent'", "did you mean 'bytes_sent'?"},
           Wrong{"prcess nginx", "'prcess'", "did you mean 'process'? For a process of that name say process prcess"},
           Wrong{"zzzzzz > 5", "'zzzzzz'", "is no key"},
           Wrong{"443", "'443'", "say :443 for a port or pid 443"},
           Wrong{"established", "'established'", "say state established"},
           Wrong{"/system.slice", "'/system.slice'", "say cgroup /system.slice"},
           Wrong{"10.1", "'10.1'", "is no IPv4 address or prefix"},
           Wrong{"10.0.0.0/33", "'10.0.0.0/33'", "is no IPv4 address or prefix"},
           Wrong{"src = x/8", "'x/8'", "is no address or prefix"},
           Wrong{"src = [::1", "'[::1'", "no closing bracket"},
           Wrong{"src = [::1]22", "'[::1]22'", "between the bracket and the port"},
           Wrong{"src > 10.0.0.1", "'>'", "src can be equal (=) or not (!=)"},
           Wrong{"process lt nginx", "'lt'", "process can be equal"},
           Wrong{"sport = :99999", "'99999'", "is no port: 0 to 65535"},
           Wrong{"sport = :", "':'", "names no port: say :443, or :* for any"},
           Wrong{"sport = :nosuch", "'nosuch'", "neither a port nor a service"},
           Wrong{"sport = 10.0.0.1:22", "'10.0.0.1:22'", "for an address say src"},
           Wrong{"dport = 10.0.0.1:22", "'10.0.0.1:22'", "for an address say dst"},
           Wrong{"sport > *", "'*'", "can be equal or not"},
           Wrong{"sport = 9-1", "'9-1'", "ends before it begins"},
           Wrong{"sport", "'sport'", "needs a value: sport = :443"},
           Wrong{"src and dst ::1", "'src'", "needs a value: src = 192.0.2.1"},
           Wrong{"dst ::1/129", "'::1/129'", "is no IPv6 prefix"},
           Wrong{"dst [::1]/64", "'[::1]/64'", "within the brackets"},
           Wrong{"rtt >", "'rtt'", "needs a value: rtt > 50ms"},
           Wrong{"family", "'family'", "family = ipv6"},
           Wrong{"dev", "'dev'", "dev = eth0"},
           Wrong{"fwmark", "'fwmark'", "fwmark = 0x1/0xff"},
           Wrong{"cgroup", "'cgroup'", "cgroup = /system.slice/nginx.service"},
           Wrong{"user )", "'user'", "user = www-data"},
           Wrong{"unit", "'unit'", "unit = nginx"},
           Wrong{"pid", "'pid'", "pid > 10"},
           Wrong{"state", "'state'", "state established"},
           Wrong{"state = opened", "'opened'", "is no state: listen"},
           Wrong{"state > listen", "'>'", "states are equal"},
           Wrong{"family = ipx", "'ipx'", "ipv4 or ipv6"},
           Wrong{"dev = wlan9", "'wlan9'", "is no interface"},
           Wrong{"fwmark = 0xzz", "'0xzz'", "is no mark"},
           Wrong{"cgroup = /nowhere", "'/nowhere'", "is no cgroup"},
           Wrong{"user nosuch", "'nosuch'", "is no user"},
           Wrong{"rtt > 50", "'50'", "a time with its unit: 50ms"},
           Wrong{"rtt > fast", "'fast'", "a time with its unit"},
           Wrong{"bytes_sent > 5ms", "'5ms'", "is a size: 4096"},
           Wrong{"rate > 5ms", "'5ms'", "is a rate: 1MB/s"},
           Wrong{"cwnd > 10MB", "'10MB'", "cwnd is a number without a unit"},
           Wrong{"age < 1h", "'age'", "known from below alone"},
           Wrong{"age = 1h", "'age'", "known from below alone"},
           Wrong{"not age > 1h", "'age'", "known from below alone"},
           Wrong{"autobound or rtt > 1ms", "'autobound'", "known to the kernel alone"},
           Wrong{"(not autobound and rtt > 1ms) or sport 1", "'autobound'", "known to the kernel alone"},
           Wrong{"( sport 1", "'('", "is not closed"},
           Wrong{"( sport 1 > 2 )", "'>'", "where ')' or another term"},
           Wrong{"sport 1 )", "')'", "closes nothing"},
           Wrong{")", "')'", "where a term is expected"},
           Wrong{"sport 1 = 2", "'='", "join terms by 'and'"},
           Wrong{"sport 1 and", "''", "ends where a term is expected"},
           Wrong{"not", "''", "ends where a term is expected"},
           Wrong{"or sport 1", "'or'", "none before it"},
           Wrong{"= 5", "'='", "no key before it"},
           Wrong{"process \"a", "'a'", "the quote \" is not closed"},
           Wrong{"process a\\", "'a\\'", "nothing follows the backslash"},
           Wrong{"process a\x01", "'a\\x01'", "control character"},
       }) {
    const std::string message = error_of(wrong.text);
    CAPTURE(message);
    CHECK(message.contains(wrong.word));
    CHECK(message.contains(wrong.why));
    CHECK(Filter::parse(wrong.text, test::names()).error().is(Errc::invalid_input));
  }
}

TEST_CASE("a long word is not repeated whole") { CHECK(error_of("sport = " + std::string(5000, 'x')).size() < 300); }

TEST_CASE("marks are refused to those who are not told them") {
  FilterNames names = test::names();
  names.sees_marks = false;
  for (const char* text : {"fwmark = 1", "not mark 1"}) {
    const auto parsed = Filter::parse(text, names);
    REQUIRE(!parsed);
    CHECK(parsed.error().is(Errc::not_permitted));
    CHECK(parsed.error().message().contains("CAP_NET_ADMIN"));
    CHECK(!parsed.error().hint.empty());
  }
}

TEST_CASE("without anybody who knows names there are none") {
  const FilterNames nobody;
  for (const char* text : {"dst example.org", "sport = ssh", "user root", "dev lo", "cgroup /"}) {
    CHECK(!Filter::parse(text, nobody));
  }
  CHECK(Filter::parse("dst 192.0.2.1 sport = 22 user 0 dev 1", nobody));
}

TEST_CASE("the system's own names") {
  const FilterNames system = system_filter_names();
  CHECK(system.port("https") == 443);
  CHECK(system.port("ssh") == 22);
  CHECK(system.port("http") == 80);
  CHECK(!system.port("no such service"));
  CHECK(system.user_id("root") == 0U);
  CHECK(!system.user_id("no such user"));
  CHECK(system.interface_index("lo") == 1U);
  CHECK(!system.interface_index("nosuch0"));
  CHECK(!system.cgroup_id("/no/such/cgroup"));
  CHECK(!system.cgroup_id("/etc"));
  CHECK(system.addresses("127.0.0.1"));
  CHECK(system.ephemeral.first < system.ephemeral.last);
}
