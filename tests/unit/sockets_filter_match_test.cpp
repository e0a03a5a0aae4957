// SPDX-License-Identifier: MIT
#include "libtcp/sockets/filter_keys.hpp"
#include "libtcp/sockets/filter_tree.hpp"
#include "tests/unit/sockets_filter_support.hpp"

using namespace tcp;
using namespace tcp::sockets;
using tcp::test::at;
using tcp::test::filter;
using tcp::test::Subject;

namespace {

// Neither the one nor the other: what is unknown decides nothing.
bool is_unknown(Subject& subject, const std::string& term) { return !subject.is(term) && !subject.is("not " + term); }

constexpr DetailSet kTcpInfo = static_cast<DetailSet>(Detail::tcp_info);

}  // namespace

TEST_CASE("ports and addresses of both ends") {
  Subject subject;
  CHECK(subject.is("sport = 50000 dport = 443 src 192.0.2.10 dst 192.0.2.0/24"));
  CHECK(!subject.is("dport = 50000"));
  CHECK(!subject.is("src 192.0.2.1"));
  CHECK(subject.is("dport >= 443 dport <= 443 not dport > 443 not dport < 443"));
  CHECK(subject.is("dport > 442 dport < 444"));
  CHECK(subject.is(":443"));
  CHECK(subject.is("192.0.2.1"));
  CHECK(!subject.is("192.0.2.10:443"));
  CHECK(subject.is("dst two.example"));
  subject.socket.remote = at("2001:db8::1", 443);
  CHECK(subject.is("dst two.example"));
  CHECK(subject.is("dst 2001:db8::/32"));
  CHECK(!subject.is("dst 2001:db8::/32 and dst ::/128"));
}

TEST_CASE("IPv4 prefixes hold the mapped addresses of IPv6 sockets, and not the other way round") {
  Subject subject;
  subject.socket.local = at("::ffff:192.0.2.10", 22);
  CHECK(subject.is("src 192.0.2.0/24"));
  CHECK(subject.is("src 0.0.0.0/0"));
  CHECK(subject.is("src ::ffff:0:0/96"));
  CHECK(subject.is("family = ipv6"));
  CHECK(!subject.is("family = ipv4"));
  subject.socket.local = at("192.0.2.10", 22);
  CHECK(!subject.is("src ::ffff:0:0/96"));
  CHECK(!subject.is("src ::/0"));
  subject.socket.local = at("::", 22);
  CHECK(!subject.is("src 0.0.0.0/0"));
}

TEST_CASE("a zone is the interface that the socket is bound to") {
  Subject subject;
  subject.socket.local = at("fe80::1", 22);
  CHECK(!subject.is("src fe80::1%1"));
  subject.socket.interface_index = 1;
  CHECK(subject.is("src fe80::1%1"));
  CHECK(subject.is("src fe80::1"));
}

TEST_CASE("interface, mark, cgroup and state") {
  Subject subject;
  subject.socket.interface_index = 2;
  subject.socket.mark = 0x31;
  CHECK(subject.is("dev eth0 fwmark 0x31 fwmark 0x1/0xf cgroup /system.slice/nginx.service state established"));
  CHECK(!subject.is("dev 3"));
  CHECK(!subject.is("fwmark 0x31/0xf"));  // never: a bit is wanted that does not count
  CHECK(!subject.is("exclude established"));
  CHECK(subject.is("state connected state synchronized state big"));
  CHECK(!subject.is("state bucket"));
  subject.socket.state = TcpState::closed;  // as the kernel tells it
  CHECK(subject.is("state bound-inactive dev 2"));
  CHECK(subject.is("state closed"));
  CHECK(!subject.is("exclude bound-inactive exclude closed"));
  subject.socket.state = TcpState::established;
  subject.cgroup = "/system.slice/nginx.service";
  CHECK(subject.is("cgroup *nginx*"));
  CHECK(!subject.is("cgroup != *nginx*"));
  subject.cgroup.clear();
  CHECK(is_unknown(subject, "cgroup /sys*"));
  subject.socket.mark.reset();
  CHECK(is_unknown(subject, "fwmark 0"));
  subject.socket.cgroup_id.reset();
  CHECK(is_unknown(subject, "cgroup /system.slice/nginx.service"));
}

TEST_CASE("a socket in TIME-WAIT is known to be in no cgroup and to have no mark, unless one is told") {
  Subject subject;
  subject.socket.state = TcpState::time_wait;
  subject.socket.inode = 0;
  subject.socket.mark.reset();
  subject.socket.cgroup_id.reset();
  CHECK(subject.is("cgroup != /system.slice/nginx.service"));
  CHECK(subject.is("not cgroup /sys*"));
  CHECK(subject.is("fwmark 0"));
  CHECK(is_unknown(subject, "rtt > 1ms"));
  CHECK(is_unknown(subject, "process nginx"));
  CHECK(is_unknown(subject, "uid 0"));
  CHECK(is_unknown(subject, "congestion cubic"));
}

TEST_CASE("every field of struct tcp_info by its name, in its unit") {
  for (const TcpInfoField& field : tcp_info_fields()) {
    const FilterKey* key = find_filter_key(field.name);
    REQUIRE(key != nullptr);
    if (key->field != &field) continue;  // "state" and "retrans" mean something else
    CAPTURE(field.name);
    Subject subject;
    subject.set(field.name, 5ULL << field.shift);
    const std::string name(field.name);
    const std::string five = format_amount(key->quantity, to_smallest_unit(field, 5));
    const std::string six = format_amount(key->quantity, to_smallest_unit(field, 6));
    const std::uint64_t kept = field.bits == 0 || field.bits > 2 ? 5 : 5U & ((1U << field.bits) - 1);
    if (kept != 5) continue;
    CHECK(subject.is(name + " = " + five));
    CHECK(subject.is(name + " < " + six));
    CHECK(!subject.is(name + " != " + five));
    CHECK(!subject.is(name + " > " + five));
    CHECK(filter(name + " = " + five).needs().details == kTcpInfo);
    Subject untold;
    CHECK(is_unknown(untold, name + " = " + five));
  }
}

TEST_CASE("the shorter names") {
  Subject subject;
  subject.set("rtt", 60000).set("min_rtt", 20000).set("snd_cwnd", 10).set("total_retrans", 3).set("retrans", 0);
  CHECK(subject.is("rtt > 50ms rtt < 61ms minrtt = 20ms cwnd = 10 retrans = 3"));
  subject.set("rtt", 0).set("min_rtt", 0xffffffff);
  CHECK(is_unknown(subject, "rtt < 50ms"));
  CHECK(is_unknown(subject, "minrtt > 50ms"));
}

TEST_CASE("a listening socket has no connection's tcp_info") {
  Subject subject;
  subject.set("bytes_sent", 0).set("unacked", 5);
  CHECK(subject.is("bytes_sent < 1kB"));
  subject.socket.state = TcpState::listen;
  CHECK(is_unknown(subject, "bytes_sent < 1kB"));
  CHECK(!subject.is("age > 0s"));
}

TEST_CASE("age is the greatest of what is known from below, idle the least of both directions") {
  Subject subject;
  subject.set("last_data_sent", 5000).set("last_data_recv", 9000).set("last_ack_recv", 100).set("busy_time", 1000);
  CHECK(subject.is("idle = 5s"));
  CHECK(subject.is("age > 8s"));
  CHECK(subject.is("age >= 9s"));
  CHECK(!subject.is("age > 9s"));
  subject.set("busy_time", 20000000);
  CHECK(subject.is("age > 19s"));
  subject.set("busy_time", 0).set("last_ack_recv", 30000);
  CHECK(subject.is("age > 29s"));
  CHECK(filter("age > 1s idle > 1s").needs().details == kTcpInfo);
  for (const TcpState state : {TcpState::syn_sent, TcpState::syn_received, TcpState::closed}) {
    subject.socket.state = state;  // the clocks do not run yet
    CHECK(!subject.is("age > 1s"));
    CHECK(is_unknown(subject, "idle > 1s"));
  }
}

TEST_CASE("queues, users and rates") {
  Subject subject;
  subject.socket.receive_queue = 10;
  subject.socket.send_queue = 2000;
  CHECK(subject.is("recv_queue = 10 send_queue > 1kB uid = 33 user www-data"));
  CHECK(!subject.is("uid != 33"));
  CHECK(is_unknown(subject, "accept_queue > 0"));
  subject.socket.state = TcpState::listen;
  CHECK(subject.is("accept_queue = 10"));
  CHECK(is_unknown(subject, "recv_queue > 0"));
  CHECK(is_unknown(subject, "send_queue > 0"));
  CHECK(is_unknown(subject, "rate > 1"));
  subject.rates = SocketRates{1e6, 5e5, 0};
  CHECK(subject.is("rate = 1500kB/s sent_rate > 999kB/s received_rate < 501kB/s"));
  CHECK(subject.is("sent_rate = 8mbit"));
  CHECK(filter("rate > 1").needs().rates);
  CHECK(filter("rate > 1").needs().details == kTcpInfo);  // what a rate is worked out from
  CHECK(filter("sent_rate > 1").needs().rates);
  CHECK(!filter("send_queue > 1").needs().rates);
  subject.rates = SocketRates{1e300, 0, 0};
  CHECK(subject.is("rate > 1GB/s"));
}

TEST_CASE("any of the holders") {
  Subject subject;
  CHECK(is_unknown(subject, "process nginx"));
  CHECK(is_unknown(subject, "pid 7"));
  subject.held_by({7, 0, "nginx", "/system.slice/nginx.service", "nginx.service", ""});
  subject.held_by({9, 0, "sh", "/docker/abc", "", "abc"});
  CHECK(subject.is("process nginx process sh pid 7 pid 9 pid > 8 unit nginx.service container abc"));
  CHECK(subject.is("process ng*x process [m-o]ginx process ?h process != apache"));
  CHECK(!subject.is("process != nginx"));
  CHECK(!subject.is("pid != 7"));
  CHECK(!subject.is("not pid > 8"));
  CHECK(subject.is("nginx"));
  CHECK(subject.is("abc"));
  CHECK(!subject.is("apache"));
  CHECK(subject.is("not apache"));
  CHECK(filter("process x").needs().holders);
  CHECK(!filter("process x").needs().cgroup);
  CHECK((filter("unit x").needs().holders && filter("unit x").needs().cgroup));
  CHECK((filter("container x").needs().holders && filter("container x").needs().cgroup));
  CHECK(filter("pid 1").needs().holders);
  CHECK(filter("cgroup /x*").needs().cgroup);
  CHECK(!filter("cgroup /x*").needs().holders);
  CHECK(!filter("cgroup /system.slice/nginx.service").needs().cgroup);
}

TEST_CASE("no unit is known to be none as far as the cgroup is known") {
  Subject subject;
  subject.held_by({7, 0, "sh", "/", "", ""});
  CHECK(subject.is("unit != nginx.service container != web not container *"));
  subject.processes[0].cgroup.clear();
  CHECK(is_unknown(subject, "unit nginx.service"));
}

TEST_CASE("a process name is looked for as far as the kernel keeps it") {
  Subject subject;
  subject.held_by({7, 0, "systemd-resolve", "", "", ""});
  CHECK(subject.is("process systemd-resolved"));
  CHECK(subject.is("process systemd-resolve"));
  CHECK(!subject.is("process systemd-resolv"));
  subject.processes[0].name = "short";
  CHECK(!subject.is("process shorter"));
}

TEST_CASE("congestion control and network namespace") {
  Subject subject;
  CHECK(is_unknown(subject, "congestion bbr"));
  subject.socket.congestion.assign("bbr");
  subject.network_namespace = "blue";
  CHECK(subject.is("congestion b* netns blue congestion != cubic"));
  CHECK(!subject.is("netns red"));
  CHECK(filter("congestion bbr").needs().details == static_cast<DetailSet>(Detail::congestion));
}

TEST_CASE("what is unknown stays unknown through and, or and not") {
  Subject subject;
  CHECK(subject.is("rtt > 1ms or dport 443"));
  CHECK(!subject.is("rtt > 1ms and dport 443"));
  CHECK(!subject.is("not (rtt > 1ms and dport 443)"));
  CHECK(subject.is("not (rtt > 1ms and dport 444)"));
  CHECK(filter("rtt > 1ms and dport 443").may_match(subject.row()));
  CHECK(!filter("rtt > 1ms and dport 444").may_match(subject.row()));
  CHECK(filter("process nginx").may_match(subject.row()));
  CHECK(Filter().matches(subject.row()));
  CHECK(Filter().may_match(subject.row()));
}

TEST_CASE("what leaves nothing out") {
  for (const char* text : {"", "state all", "src = *", "src = * state all", "not src != *"}) {
    CHECK_MESSAGE(filter(text).selects_everything(), text);
  }
  for (const char* text : {"dport 1", "state connected", "pid > 0", "rtt > 0us", "src != *", "exclude listen"}) {
    CHECK_MESSAGE(!filter(text).selects_everything(), text);
  }
}

TEST_CASE("states that can match") {
  const StateSet established = state_bit(TcpState::established);
  CHECK(Filter().states() == kEveryState);
  CHECK(filter("dport 1").states() == kEveryState);
  CHECK(!filter("dport 1").names_states());
  CHECK(filter("state all").names_states());
  CHECK(filter("state established dport 1").states() == established);
  CHECK(filter("state established or dport 1").states() == kEveryState);
  CHECK(filter("(state established dport 1) or (state time-wait rtt > 1ms)").states() ==
        (established | state_bit(TcpState::time_wait)));
  CHECK(filter("not state established").states() == (kEveryState & ~established));
  CHECK(filter("state established and state listen").states() == 0);
  CHECK(filter("not (state established or dport 1)").states() == (kEveryState & ~established));
}

TEST_CASE("patterns") {
  struct Case {
    const char* pattern;
    const char* text;
    bool fits;
  };
  for (const Case& c : {Case{"", "", true},     {"", "a", false},           {"*", "", true},
                        {"*", "abc", true},     {"a*c", "abc", true},       {"a*c", "abcd", false},
                        {"*b*", "abc", true},   {"a?c", "abc", true},       {"a?c", "ac", false},
                        {"[abc]", "b", true},   {"[a-c]x", "bx", true},     {"[!a-c]", "b", false},
                        {"[^a-c]", "d", true},  {"[]]", "]", true},         {"[a", "[a", true},
                        {"[a", "a", false},     {"\\*", "*", true},         {"\\*", "a", false},
                        {"a\\", "a\\", true},   {"[\\]]", "]", true},       {"[a-]", "-", true},
                        {"**a**", "xay", true}, {"a*b*c", "a__b__", false}, {"nginx", "nginx2", false}}) {
    CAPTURE(c.pattern);
    CAPTURE(c.text);
    CHECK(matches_pattern(c.pattern, c.text) == c.fits);
  }
  std::string stars;
  for (int i = 0; i < 4000; ++i) stars += "*a";
  CHECK(!matches_pattern(stars + "b", std::string(15, 'a')));
}
