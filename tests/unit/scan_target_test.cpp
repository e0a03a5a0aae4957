// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "libtcp/scan/probe_space.hpp"
#include "libtcp/scan/special_ranges.hpp"
#include "libtcp/scan/target_list.hpp"

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

TargetList list_of(const std::vector<std::string>& words, TargetRole role = TargetRole::wanted) {
  TargetList list(role);
  for (const std::string& word : words) REQUIRE_MESSAGE(list.add(word), word);
  return list;
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
  CHECK(set.range_count() == 4);
  CHECK(set.index_of(ip("10.0.2.254")));
  CHECK_FALSE(set.index_of(ip("10.0.2.255")));
  CHECK(set_of({"10.0.*.*"}).range_count() == 1);
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
  const std::string why = "a port is not part of a target, since every target gets the ports of -p: write ";
  CHECK(refusal("10.0.0.1:443") ==
        "target '10.0.0.1:443': " + why + "10.0.0.1 and -p 443, with a run for each set of ports");
  CHECK(refusal("[2001:db8::1]:22").contains(why + "2001:db8::1 and -p 22"));
  CHECK(refusal("example.org:8080").contains(why + "example.org and -p 8080"));
  CHECK(refusal("2001:db8::1:22") == "accepted");
  CHECK(refusal("example.org:http").contains("not an address"));
  CHECK(refusal("a b").contains("neither"));
  CHECK(refusal("[10.0.0.x]").contains("brackets"));
  CHECK(refusal("-x").contains("neither"));
  CHECK(refusal("10.0.0.1-2001:db8::1").contains("one family"));
}

TEST_CASE("targets that overlap are one, sorted, and each index has its address") {
  const TargetSet set = set_of({"2001:db8::1", "10.0.0.0/30", "10.0.0.2-10.0.0.9", "10.0.0.10", "9.9.9.9"});
  CHECK(set.range_count() == 3);
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
  const TargetSet rest = set.without(*TargetSet::make(holes));
  CHECK(rest.size() == 256 - 4 - 100 - 1);
  CHECK(rest[0] == ip("10.0.0.4"));
  CHECK_FALSE(rest.index_of(ip("10.0.0.150")));
  CHECK(rest.index_of(ip("10.0.0.254")) == rest.size() - 1);
  CHECK(set.without(set).empty());
}

TEST_CASE("holes may overlap, touch, lie in each other and span several ranges") {
  const TargetSet set = set_of({"10.0.0.0/30", "10.0.1.0/30", "2001:db8::/126"});
  const TargetSet holes = set_of({"10.0.0.3-10.0.1.0"});
  const std::vector<AddressRange> more{{ip("2001:db8::2"), ip("2001:db8::2")},
                                       {ip("10.0.0.1"), ip("10.0.1.1")},
                                       {ip("10.0.0.2"), ip("10.0.0.2")},
                                       {ip("10.0.1.1"), ip("10.0.1.1")}};
  CHECK(set.without(holes).size() == 3 + 3 + 4);
  const TargetSet rest = set.without(*TargetSet::make(more));
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
  const auto resolve = [](std::vector<std::string> wanted, std::vector<std::string> excluded, TargetChoice choice) {
    return resolve_targets(list_of(wanted), list_of(excluded, TargetRole::excluded), choice, dual_stack);
  };
  CHECK(resolve({"host"}, {}, {})->set.size() == 3);
  CHECK(resolve({"host"}, {}, {Family::v4, true})->set[0] == ip("192.0.2.7"));
  CHECK(resolve({"host"}, {}, {Family::v6, false})->set.size() == 1);
  CHECK(resolve({"host"}, {}, {})->names.at(ip("192.0.2.8")) == "host");
  CHECK(resolve({"host"}, {"192.0.2.0/24"}, {})->set.size() == 1);
  CHECK(resolve({"host"}, {"host"}, {}).error().message() == "targets: nothing is left to scan");
  CHECK(resolve({"192.0.2.0/24"}, {}, {Family::v6, false}).error().message() == "targets: none is an IPv6 address");
  CHECK(resolve({"missing"}, {}, {}).error().is(Errc::resolve_failed));
}

TEST_CASE("special-purpose addresses are skipped where a word covers them, and scanned where it means them") {
  const auto resolve = [](std::vector<std::string> wanted, std::vector<std::string> excluded = {}) {
    auto targets = resolve_targets(list_of(wanted), list_of(excluded, TargetRole::excluded), {}, dual_stack);
    REQUIRE(targets);
    return std::move(*targets);
  };
  const Targets all = resolve({"0.0.0.0/0"});
  CHECK(all.set.size() + all.skipped == std::uint64_t{1} << 32);
  CHECK(all.skipped == 2 * (1U << 24) + (1U << 16) + 254 + 3 * 256 + (1U << 17) + (1U << 29));
  for (const char* never : {"0.0.0.1", "127.0.0.1", "169.254.9.9", "192.0.0.1", "192.0.2.1", "198.19.0.1",
                            "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255"}) {
    CHECK_FALSE_MESSAGE(all.set.index_of(ip(never)), never);
  }
  for (const char* meant :
       {"1.0.0.0", "10.0.0.1", "100.64.0.1", "172.16.0.1", "192.0.0.9", "192.168.0.1", "223.255.255.255"}) {
    CHECK_MESSAGE(all.set.index_of(ip(meant)), meant);
  }
  CHECK(resolve({"127.0.0.1"}).set.size() == 1);
  CHECK(resolve({"127.0.0.0/8"}).set.size() == 1U << 24);
  CHECK(resolve({"192.0.2.0/24"}).skipped == 0);
  CHECK(resolve({"192.0.2.0/23"}).set.size() == 256);
  CHECK(resolve({"192.0.2.0/23"}).skipped == 256);
  // Named besides, or excluded: not skipped.
  CHECK(resolve({"192.0.2.0/23", "192.0.2.9"}).skipped == 255);
  CHECK(resolve({"192.0.2.0/23"}, {"192.0.2.0/25"}).skipped == 128);
  CHECK(resolve({"::-::5"}).set.size() == 4);
  CHECK(resolve({"fe80::1"}).skipped == 0);
}

TEST_CASE("the special ranges are in order and disjoint, and none holds what must stay reachable") {
  const auto ranges = special_ranges();
  for (std::size_t i = 1; i < ranges.size(); ++i) CHECK(ranges[i - 1].last < ranges[i].first);
  for (const char* text : {"192.0.0.10", "192.31.196.1", "192.88.99.1", "2001:20::1", "2001:4:112::1", "64:ff9b::1",
                           "fd00::1", "2620:4f:8000::1", "2001::1"}) {
    CHECK_FALSE_MESSAGE(std::ranges::any_of(ranges, [&](const AddressRange& r) { return r.contains(ip(text)); }), text);
  }
}

TEST_CASE("what is excluded may be anything of any size") {
  TargetList list(TargetRole::excluded);
  for (const char* word : {"224.0.0.0/4", "255.255.255.255", "0.0.0.0", "2001:db8::/32", "::/0"}) CHECK(list.add(word));
  CHECK_FALSE(list.add("10.0.0.9-1"));
  CHECK_FALSE(TargetList().add("224.0.0.0/24"));
}

TEST_CASE("a file is words between blanks and lines, with comments, in pieces of any size") {
  const std::string text = "# all of it\r\n192.0.2.1 192.0.2.3 # two\n\n\t198.51.100.0/30\r\nhost";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    TargetList list;
    TargetFileReader reader("FILE", list);
    for (std::size_t at = 0; at < text.size(); at += piece)
      CHECK(reader.feed(std::string_view(text).substr(at, piece)));
    CHECK(reader.finish());
    CHECK(resolve_targets(list, TargetList(), {}, dual_stack)->set.size() == 2 + 4 + 3);
  }
}

TEST_CASE("an error in a file names its line") {
  const auto problem = [](const std::string& text) {
    TargetList list;
    TargetFileReader reader("FILE", list);
    auto done = reader.feed(text);
    if (done) done = reader.finish();
    return done ? "accepted" : done.error().message();
  };
  CHECK(problem("192.0.2.1\n10.0.0.9-1\n") == "FILE:2: target '10.0.0.9-1': '9-1' is reversed");
  CHECK(problem("# one\n\n192.0.2.1:80").starts_with("FILE:3: target '192.0.2.1:80': a port is not part of a target"));
  CHECK(problem("\n" + std::string(1025, 'a') + "\n") == "FILE:2: line: longer than 1024 characters");
  CHECK(problem(std::string(100'000, 'a')) == "FILE:1: line: longer than 1024 characters");
  CHECK(problem(std::string(1025, ' ')) == "FILE:1: line: longer than 1024 characters");
  CHECK(problem("a\0b") != "");
  CHECK(problem(std::string("a\0b", 3)).starts_with("FILE:1: target"));
}

TEST_CASE("a million addresses in any order have their indexes") {
  RangeCollector collector;
  constexpr std::uint32_t kCount = 1'000'000;
  // An odd factor permutes the numbers below 2^20; every other address, so that none touches its neighbour.
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const IpAddress address = IpAddress::v4(0x01000000 + 2 * (i * 786'433U % (1U << 20)));
    collector.add({address, address});
    if (i % 10 == 0) collector.add({address, address});
  }
  const auto set = std::move(collector).settle();
  REQUIRE(set);
  CHECK(set->size() == kCount);
  CHECK(set->range_count() == kCount);
  for (std::uint64_t i = 0; i < kCount; i += 997) REQUIRE(set->index_of((*set)[i]) == i);
  CHECK_FALSE(set->index_of(IpAddress::v4(0x01000001)));
}

TEST_CASE("single addresses among ranges keep their order, index and count") {
  RangeCollector collector;
  std::vector<IpAddress> all;
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    const std::uint32_t first = 0x01000000 + 16 * ((i * 1013U) % 3'000);
    const std::uint32_t last = first + (i % 3 == 0 ? 0 : i % 5);
    collector.add({IpAddress::v4(first), IpAddress::v4(last)});
    for (std::uint32_t number = first; number <= last; ++number) all.push_back(IpAddress::v4(number));
  }
  std::ranges::sort(all);
  const TargetSet set = *std::move(collector).settle();
  REQUIRE(set.size() == all.size());
  CHECK(set.range_count() == 3'000);
  for (std::uint64_t i = 0; i < all.size(); ++i) {
    REQUIRE(set[i] == all[i]);
    REQUIRE(set.index_of(all[i]) == i);
  }
  std::uint64_t in_ranges = 0;
  for (std::size_t i = 0; i < set.range_count(); ++i) {
    REQUIRE(set.range(i).first == IpAddress::v4(0x01000000 + 16 * static_cast<std::uint32_t>(i)));
    in_ranges += size_of(set.range(i));
  }
  CHECK(in_ranges == all.size());
  CHECK(set.count_public() == all.size());
  const TargetSet holes = set_of({"1.0.0.16", "1.0.16.0/24"});
  CHECK(set.without(holes).size() == all.size() - set_of({"1.0.0.16"}).size() -
                                         static_cast<std::uint64_t>(std::ranges::count_if(all, [&](const IpAddress& a) {
                                           return holes.index_of(a) && a != ip("1.0.0.16");
                                         })));
}

TEST_CASE("IPv6 ranges of every size are counted without overflow") {
  CHECK(size_of({ip("::"), ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")}) == std::uint64_t{1} << 62);
  RangeCollector holes;
  holes.add({ip("::"), ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")});
  const TargetSet everything = std::move(holes).settle_unbounded();
  CHECK(set_of({"2001:db8::/108", "192.0.2.1"}).without(everything).size() == 1);
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
