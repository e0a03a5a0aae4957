// SPDX-License-Identifier: MIT
#include "tests/unit/sockets_filter_support.hpp"

using namespace tcp;
using namespace tcp::sockets;
using tcp::test::error_of;
using tcp::test::filter;
using tcp::test::text_of;

TEST_CASE("no words select everything") {
  CHECK(filter("").empty());
  CHECK(filter(" \t\n").empty());
  CHECK(filter("").kernel_decides_all());
  CHECK(filter("").bytecode().empty());
  CHECK(filter("").to_string().empty());
}

TEST_CASE("and binds closer than or, not closest, and two terms side by side are joined by and") {
  CHECK(text_of("sport 1 or sport 2 and sport 3") == "sport = 1 or (sport = 2 and sport = 3)");
  CHECK(text_of("sport 1 or sport 2 sport 3") == "sport = 1 or (sport = 2 and sport = 3)");
  CHECK(text_of("sport 1 and sport 2 or sport 3") == "(sport = 1 and sport = 2) or sport = 3");
  CHECK(text_of("( sport 1 or sport 2 ) and sport 3") == "(sport = 1 or sport = 2) and sport = 3");
  CHECK(text_of("not sport 1 sport 2") == "sport != 1 and sport = 2");
  CHECK(text_of("not ( sport 1 and dport > 2 )") == "sport != 1 or not dport > 2");
  CHECK(text_of("not not sport 1") == "sport = 1");
}

TEST_CASE("every spelling of an operator") {
  for (const char* word : {"=", "==", "eq", ""}) CHECK(text_of(std::string("sport ") + word + " :22") == "sport = 22");
  for (const char* word : {"!=", "ne", "neq"}) CHECK(text_of(std::string("sport ") + word + " :22") == "sport != 22");
  for (const char* word : {">", "gt"}) CHECK(text_of(std::string("sport ") + word + " :22") == "sport > 22");
  for (const char* word : {"<", "lt"}) CHECK(text_of(std::string("sport ") + word + " :22") == "sport < 22");
  for (const char* word : {">=", "ge", "geq"}) CHECK(text_of(std::string("sport ") + word + " 22") == "sport >= 22");
  for (const char* word : {"<=", "le", "leq"}) CHECK(text_of(std::string("sport ") + word + " 22") == "sport <= 22");
  for (const char* word : {"and", "&", "&&"}) {
    CHECK(text_of(std::string("sport 1 ") + word + " dport 2") == "sport = 1 and dport = 2");
  }
  for (const char* word : {"or", "|", "||"}) {
    CHECK(text_of(std::string("sport 1 ") + word + " dport 2") == "sport = 1 or dport = 2");
  }
  for (const char* word : {"not", "!"}) CHECK(text_of(std::string(word) + " sport 1") == "sport != 1");
}

TEST_CASE("spaces are needed between words only") {
  CHECK(text_of("(dport=:443&&!sport<1024)||dport!=:22") == "(dport = 443 and not sport < 1024) or dport != 22");
  CHECK(text_of("rtt>50ms") == "rtt > 50ms");
}

TEST_CASE("the examples of ss's manual") {
  CHECK(text_of("state established ( dport = :ssh or sport = :ssh )") ==
        "state = established and (dport = 22 or sport = 22)");
  CHECK(text_of("state fin-wait-1 ( sport = :ssh or sport = :https ) dst 193.233.7/24") ==
        "state = fin-wait-1 and (sport = 22 or sport = 443) and dst = 193.233.7.0/24");
  CHECK(text_of("fwmark = 0x01/0x03") == "fwmark = 0x1/0x3");
}

TEST_CASE("ports") {
  CHECK(text_of("dport = :https") == "dport = 443");
  CHECK(text_of("dport https") == "dport = 443");
  CHECK(text_of("dport = x11-1") == "dport = 6001");
  CHECK(text_of("sport = :8000-8010") == "sport >= 8000 and sport <= 8010");
  CHECK(text_of("sport != 8000-8010") == "not sport >= 8000 or not sport <= 8010");
  CHECK(text_of("sport = *") == "src = *");
  CHECK(text_of("sport = inet6::22") == "family = ipv6 and sport = 22");
  CHECK(text_of("sport != inet::22") == "family != ipv4 or sport != 22");
}

TEST_CASE("hosts") {
  CHECK(text_of("src 10.1.2.3/8") == "src = 10.0.0.0/8");
  CHECK(text_of("dst 10/8") == "dst = 10.0.0.0/8");
  CHECK(text_of("dst 192.0.2.1:443") == "dst = 192.0.2.1:443");
  CHECK(text_of("dst 192.0.2.1:ssh") == "dst = 192.0.2.1:22");
  CHECK(text_of("dst = 10.0.0.0/8:22") == "dst = 10.0.0.0/8:22");
  CHECK(text_of("dst 2001:db8::1") == "dst = [2001:db8::1]");
  CHECK(text_of("dst 2001:db8::/32") == "dst = [2001:db8::/32]");
  CHECK(text_of("dst [2001:db8::1]") == "dst = [2001:db8::1]");
  CHECK(text_of("dst [2001:db8::1]:443") == "dst = [2001:db8::1]:443");
  CHECK(text_of("dst [2001:db8::/32]:443") == "dst = [2001:db8::/32]:443");
  CHECK(text_of("dst *:443") == "dport = 443");
  CHECK(text_of("dst :443") == "dport = 443");
  CHECK(text_of("src *") == "src = *");
  CHECK(text_of("not src any") == "src != *");
  CHECK(text_of("src != 10.0.0.1") == "src != 10.0.0.1");
  CHECK(text_of("src inet:*:80") == "family = ipv4 and sport = 80");
  CHECK(text_of("dst 192.0.2.1:1-9") == "dst = 192.0.2.1 and dport >= 1 and dport <= 9");
  CHECK(text_of("src fe80::1%1") == "src = [fe80::1] and dev = 1");
}

TEST_CASE("all addresses of a name are meant") {
  CHECK(text_of("dst two.example") == "dst = 192.0.2.1 or dst = [2001:db8::1]");
  CHECK(text_of("dst two.example:443") == "(dst = 192.0.2.1 or dst = [2001:db8::1]) and dport = 443");
  CHECK(text_of("dst != two.example") == "dst != 192.0.2.1 and dst != [2001:db8::1]");
  const auto parsed = Filter::parse("dst none.example", test::names());
  REQUIRE(!parsed);
  CHECK(parsed.error().is(Errc::resolve_failed));
  CHECK(parsed.error().message().contains("none.example"));
}

TEST_CASE("words without a key are either port, address or name") {
  CHECK(text_of(":443") == "sport = 443 or dport = 443");
  CHECK(text_of(":https") == "sport = 443 or dport = 443");
  CHECK(text_of("10.0.0.0/8") == "src = 10.0.0.0/8 or dst = 10.0.0.0/8");
  CHECK(text_of("192.0.2.1:22") == "src = 192.0.2.1:22 or dst = 192.0.2.1:22");
  CHECK(text_of("::1") == "src = [::1] or dst = [::1]");
  CHECK(text_of("[::1]:22") == "src = [::1]:22 or dst = [::1]:22");
  CHECK(text_of("one.example:22") == "src = 192.0.2.2:22 or dst = 192.0.2.2:22");
  CHECK(text_of("nginx") == "process = nginx or unit = nginx or unit = nginx.service or container = nginx");
  CHECK(text_of("*.timer") == "process = *.timer or unit = *.timer or container = *.timer");
  CHECK(text_of(":443 nginx") ==
        "(sport = 443 or dport = 443) and (process = nginx or unit = nginx or "
        "unit = nginx.service or container = nginx)");
  CHECK(text_of("\"state\"").starts_with("process = state or"));
}

TEST_CASE("interfaces, marks, cgroups and users") {
  CHECK(text_of("dev = eth0") == "dev = 2");
  CHECK(text_of("dev != 7") == "dev != 7");
  CHECK(text_of("interface eth0") == "dev = 2");
  CHECK(text_of("fwmark = 16") == "fwmark = 0x10/0xffffffff");
  CHECK(text_of("mark != 0x10/0xf0") == "fwmark != 0x10/0xf0");
  CHECK(text_of("cgroup = /system.slice/nginx.service") == "cgroup = /system.slice/nginx.service");
  CHECK(text_of("cgroup = /system.slice/*") == "cgroup = /system.slice/*");
  CHECK(text_of("cgroup = /a\\*b") == "cgroup = \"/a\\*b\"");
  CHECK(filter("cgroup = /a\\*b").kernel_decides_all());
  CHECK(text_of("user www-data") == "uid = 33");
  CHECK(text_of("user 1000") == "uid = 1000");
  CHECK(text_of("uid >= 1000") == "uid >= 1000");
  CHECK(text_of("family = inet6") == "family = ipv6");
}

TEST_CASE("states side by side are one term, as in ss") {
  CHECK(text_of("state time-wait state close-wait") == "state = time-wait,close-wait");
  CHECK(text_of("state = established,CLOSING") == "state = established,closing");
  CHECK(text_of("state connected exclude time-wait exclude syn-sent") ==
        "state = established,syn-received,fin-wait-1,fin-wait-2,close-wait,last-ack,closing");
  CHECK(text_of("exclude listening exclude close") ==
        "state = established,syn-sent,syn-received,fin-wait-1,fin-wait-2,time-wait,close-wait,last-ack,closing,"
        "bound-inactive");
  CHECK(text_of("state bucket") == "state = syn-received,time-wait");
  CHECK(text_of("state != all") == "state != all");
}

TEST_CASE("quotes and backslashes") {
  CHECK(text_of("process \"Web Content\"") == "process = \"Web Content\"");
  CHECK(text_of("process 'a\"b'") == "process = \"a\\\"b\"");
  CHECK(text_of("process \"(sd-pam)\"") == "process = \"(sd-pam)\"");
  CHECK(text_of("process \\(sd-pam\\)") == "process = \"\\(sd-pam\\)\"");
  CHECK(text_of("process = \"and\"") == "process = \"and\"");
}

TEST_CASE("amounts and their units") {
  CHECK(text_of("rtt > 50ms") == "rtt > 50ms");
  CHECK(text_of("rtt > 0.05s") == "rtt > 50ms");
  CHECK(text_of("minrtt < 200us") == "minrtt < 200us");
  CHECK(text_of("idle >= 90m") == "idle >= 90m");
  CHECK(text_of("age > 2d") == "age > 48h");
  CHECK(text_of("bytes_sent > 1GB") == "bytes_sent > 1000000000");
  CHECK(text_of("bytes_received > 1GiB") == "bytes_received > 1073741824");
  CHECK(text_of("send_queue > 64k") == "send_queue > 65536");
  CHECK(text_of("rate > 1MB/s") == "rate > 1000000");
  CHECK(text_of("rate > 10mbit") == "rate > 1250000");
  CHECK(text_of("sent_rate > 8Mbit/s") == "sent_rate > 1000000");
  CHECK(text_of("pacing_rate > 1KiB/s") == "pacing_rate > 1024");
  CHECK(text_of("retrans > 0x10") == "retrans > 16");
  CHECK(text_of("total_rto_time > 3s") == "total_rto_time > 3s");
}

TEST_CASE("what is said again is read as the same") {
  for (const char* text :
       {":443 nginx", "state time-wait or not (dport 80 and rtt > 1.5ms)", "not autobound", "src = * or src != *",
        "process != 'a \\\"b'", "cgroup = /a\\*b or cgroup /x*", "age > 1h or rtt > 1ms", "dst two.example:https",
        "exclude all", "family ipv4 src fe80::1%1", "fwmark 1 pid < 7 congestion bbr netns x*"}) {
    const std::string said = text_of(text);
    CHECK(text_of(said) == said);
  }
}

TEST_CASE("joined filters") {
  const Filter both = filter("sport 1 or sport 2") && filter("dport 3");
  CHECK(both.to_string() == "(sport = 1 or sport = 2) and dport = 3");
  CHECK((Filter() && filter("dport 3")).to_string() == "dport = 3");
  CHECK((filter("dport 3") && Filter()).to_string() == "dport = 3");
}

TEST_CASE("nesting and length are bounded") {
  const auto nested = [](std::size_t levels) {
    std::string text = "sport 1";
    for (std::size_t i = 0; i < levels; ++i) text = (i % 2 == 0 ? "(dport 2 or " : "(dport 2 and ") + text + ")";
    return text;
  };
  CHECK(Filter::parse(nested(Filter::kMostDepth), test::names()));
  CHECK(error_of(nested(Filter::kMostDepth + 1)).contains("at most 64"));
  CHECK(error_of(std::string(200, '(') + "sport 1" + std::string(200, ')')).contains("at most 64"));
  std::string negations;
  for (int i = 0; i < 5000; ++i) negations += "!";
  CHECK(error_of(negations + "sport 1").contains("at most 64"));
  CHECK(error_of(std::string(Filter::kMostBytes + 1, ' ')).contains("16384"));
}
