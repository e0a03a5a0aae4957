// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/scan/probe_space.hpp"
#include "libtcp/scan/target_spec.hpp"

using namespace tcp;
using namespace tcp::scan;

namespace {

TargetSet set_of(std::initializer_list<const char*> words) {
  std::vector<AddressRange> ranges;
  for (const char* word : words) {
    const auto spec = parse_target(word);
    REQUIRE_MESSAGE(spec, word);
    for (const AddressRange& range : std::get<std::vector<AddressRange>>(*spec)) ranges.push_back(range);
  }
  auto set = TargetSet::make(ranges);
  REQUIRE(set);
  return *set;
}

std::string refusal(const char* word) {
  const auto spec = parse_target(word);
  return spec ? "accepted" : spec.error().message();
}

IpAddress ip(const char* text) { return *parse_ip_address(text); }

Result<std::vector<IpAddress>> dual_stack(const std::string& host) {
  if (host == "missing") return make_error(Errc::resolve_failed, "resolve missing");
  return std::vector{ip("2001:db8::7"), ip("192.0.2.7"), ip("192.0.2.8")};
}

}  // namespace

TEST_CASE("each way to write addresses") {
  CHECK(set_of({"192.0.2.1"}).size() == 1);
  CHECK(set_of({"192.0.2.77/24"}).size() == 256);
  CHECK(set_of({"192.0.2.77/24"})[0] == ip("192.0.2.0"));
  CHECK(set_of({"192.0.2.250-192.0.3.5"}).size() == 12);
  CHECK(set_of({"0.0.0.0/0"}).size() == std::uint64_t{1} << 32);
  CHECK(set_of({"[2001:db8::1]"})[0] == ip("2001:db8::1"));
  CHECK(set_of({"[2001:db8::]/120"}).size() == 256);
  CHECK(set_of({"2001:db8::ffff-2001:db8::1:1"}).size() == 3);
  CHECK(set_of({"2001:db8::/108"}).size() == std::uint64_t{1} << 20);
  CHECK(set_of({"::ffff:192.0.2.1"})[0] == ip("192.0.2.1"));
  CHECK(std::get<TargetName>(*parse_target("web-1.example.org")).host == "web-1.example.org");
}

TEST_CASE("octet ranges are a product") {
  const TargetSet set = set_of({"10.0.0-3.1-254"});
  CHECK(set.size() == 4 * 254);
  CHECK(set.ranges().size() == 4);
  CHECK(set.index_of(ip("10.0.2.254")));
  CHECK_FALSE(set.index_of(ip("10.0.2.255")));
  CHECK(set_of({"10.0.*.*"}).ranges().size() == 1);
  CHECK(set_of({"10.0.0.-3"}).size() == 4);
  CHECK(set_of({"10.0.0.250-"}).size() == 6);
}

TEST_CASE("words that are no targets are refused by name") {
  CHECK(refusal("") == "target: is empty");
  CHECK(refusal("10.0.0.9-10.0.0.1") ==
        "target '10.0.0.9-10.0.0.1': reversed: the first address must not exceed the last");
  CHECK(refusal("10.0.0.9-1") == "target '10.0.0.9-1': '9-1' is reversed");
  CHECK(refusal("10.0.0.256") == "target '10.0.0.256': '256' is neither a number from 0 to 255 nor a range of them");
  CHECK(refusal("10.1") == "target '10.1': an IPv4 address has four numbers");
  CHECK(refusal("*.*.*.1") == "target '*.*.*.1': falls into too many pieces; write prefixes instead");
  CHECK(refusal("224.0.0.1").contains("multicast"));
  CHECK(refusal("255.255.255.255").contains("broadcast"));
  CHECK(refusal("::").contains("unspecified"));
  CHECK(refusal("2001:db8::/64").contains("too large: at most 2^20 IPv6 addresses, a /108"));
  CHECK(refusal("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") != "accepted");
  CHECK(refusal("10.0.0.0/33").contains("prefix length"));
  CHECK(refusal("example.org:80").contains("-p"));
  CHECK(refusal("a b").contains("neither"));
  CHECK(refusal("[10.0.0.x]").contains("brackets"));
  CHECK(refusal("-x").contains("neither"));
  CHECK(refusal("10.0.0.1-2001:db8::1").contains("one family"));
}

TEST_CASE("targets that overlap are one, sorted, and each index has its address") {
  const TargetSet set = set_of({"2001:db8::1", "10.0.0.0/30", "10.0.0.2-10.0.0.9", "10.0.0.10", "9.9.9.9"});
  CHECK(set.ranges().size() == 3);
  CHECK(set.size() == 1 + 11 + 1);
  for (std::uint64_t i = 0; i < set.size(); ++i) CHECK(set.index_of(set[i]) == i);
  CHECK(set[0] == ip("9.9.9.9"));
  CHECK(set[12] == ip("2001:db8::1"));
  CHECK_FALSE(set.index_of(ip("10.0.0.11")));
  CHECK_FALSE(set.index_of(ip("::")));
  CHECK_FALSE(set.index_of(ip("0.0.0.0")));
}

TEST_CASE("what is excluded is cut out, at the ends and in the middle") {
  const TargetSet set = set_of({"10.0.0.0/24"});
  const std::vector<AddressRange> holes{{ip("9.0.0.0"), ip("10.0.0.3")},
                                        {ip("10.0.0.100"), ip("10.0.0.199")},
                                        {ip("10.0.0.255"), ip("10.0.0.255")},
                                        {ip("2001:db8::"), ip("2001:db8::ff")}};
  const TargetSet rest = set.without(holes);
  CHECK(rest.size() == 256 - 4 - 100 - 1);
  CHECK(rest[0] == ip("10.0.0.4"));
  CHECK_FALSE(rest.index_of(ip("10.0.0.150")));
  CHECK(rest.index_of(ip("10.0.0.254")) == rest.size() - 1);
  CHECK(set.without(set.ranges()).empty());
}

TEST_CASE("holes may overlap, touch, lie in each other and span several ranges") {
  const TargetSet set = set_of({"10.0.0.0/30", "10.0.1.0/30", "2001:db8::/126"});
  const TargetSet holes = set_of({"10.0.0.3-10.0.1.0"});
  const std::vector<AddressRange> more{{ip("2001:db8::2"), ip("2001:db8::2")},
                                       {ip("10.0.0.1"), ip("10.0.1.1")},
                                       {ip("10.0.0.2"), ip("10.0.0.2")},
                                       {ip("10.0.1.1"), ip("10.0.1.1")}};
  CHECK(set.without(holes.ranges()).size() == 3 + 3 + 4);
  const TargetSet rest = set.without(more);
  CHECK(rest.size() == 1 + 2 + 3);
  CHECK(rest[0] == ip("10.0.0.0"));
  CHECK(rest[1] == ip("10.0.1.2"));
  CHECK(rest[3] == ip("2001:db8::"));
  CHECK(rest.index_of(ip("2001:db8::3")) == 5);
  CHECK_FALSE(rest.index_of(ip("2001:db8::2")));
}

TEST_CASE("public addresses are counted without walking them") {
  CHECK(set_of({"10.0.0.0/8", "192.168.1.1", "fd00::1", "127.0.0.1"}).count_public() == 0);
  CHECK(set_of({"9.255.255.0-10.0.0.9"}).count_public() == 256);
  CHECK(set_of({"8.0.0.0/8"}).count_public() == std::uint64_t{1} << 24);
}

TEST_CASE("a zone is kept for sending and ignored for finding") {
  const TargetSet set = *TargetSet::make({{ip("fe80::1").with_scope(7), ip("fe80::1").with_scope(7)}});
  CHECK(set[0].scope_id() == 7);
  CHECK(set.index_of(ip("fe80::1")) == 0);
  CHECK_FALSE(TargetSet::make({{ip("fe80::1").with_scope(7), ip("fe80::1").with_scope(7)},
                               {ip("fe80::1").with_scope(8), ip("fe80::1").with_scope(8)}}));
}

TEST_CASE("names become all their addresses, the first, or those of a family") {
  const std::vector<TargetSpec> wanted{TargetName{"host"}};
  CHECK(resolve_targets(wanted, {}, {}, dual_stack)->set.size() == 3);
  CHECK(resolve_targets(wanted, {}, {Family::v4, true}, dual_stack)->set[0] == ip("192.0.2.7"));
  CHECK(resolve_targets(wanted, {}, {Family::v6, false}, dual_stack)->set.size() == 1);
  CHECK(resolve_targets(wanted, {}, {}, dual_stack)->names.at(ip("192.0.2.8")) == "host");
  const std::vector<TargetSpec> excluded{*parse_target("192.0.2.0/24")};
  CHECK(resolve_targets(wanted, excluded, {}, dual_stack)->set.size() == 1);
  CHECK(resolve_targets(wanted, wanted, {}, dual_stack).error().message() == "targets: nothing is left to scan");
  CHECK(resolve_targets(excluded, {}, {Family::v6, false}, dual_stack).error().message() ==
        "targets: none is an IPv6 address");
  const std::vector<TargetSpec> missing{TargetName{"missing"}};
  CHECK(resolve_targets(missing, {}, {}, dual_stack).error().is(Errc::resolve_failed));
}

TEST_CASE("a pair has an index and an index its pair") {
  const auto space = ProbeSpace::make(set_of({"10.0.0.0/30", "2001:db8::1"}), {443, 22, 65535});
  REQUIRE(space);
  CHECK(space->size() == 15);
  for (std::uint64_t i = 0; i < space->size(); ++i) CHECK(space->index_of((*space)[i]) == i);
  CHECK_FALSE(space->index_of({ip("10.0.0.1"), 80}));
  CHECK_FALSE(space->index_of({ip("10.0.0.4"), 22}));
  CHECK(ProbeSpace::make(set_of({"0.0.0.0/0"}), {80}));
  const auto huge = TargetSet::make({{ip("2001:db8::"), ip("2001:db8::ff:ffff:ffff")}});
  CHECK_FALSE(ProbeSpace::make(*huge, std::vector<std::uint16_t>(257, 80)));
  CHECK_FALSE(ProbeSpace::make({}, {80}));
  CHECK_FALSE(ProbeSpace::make(set_of({"10.0.0.1"}), {}));
}
