// SPDX-License-Identifier: MIT
#include "libtcp/scan/checkpoint.hpp"

#include <doctest/doctest.h>

#include <map>
#include <numeric>

#include "libtcp/scan/scan.hpp"
#include "tests/support/scan_path.hpp"

using namespace tcp;
using namespace tcp::scan;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t kPorts = 5'000;
const IpAddress kHost = IpAddress::v4(0x0a000001);

ScanOptions options_for(std::uint16_t count = kPorts) {
  std::vector<std::uint16_t> ports(count);
  std::iota(ports.begin(), ports.end(), std::uint16_t{1});
  ScanOptions options;
  options.space = *ProbeSpace::make(*TargetSet::make({{kHost, kHost}}), std::move(ports));
  options.technique = find_technique("syn");
  options.seed = 11;
  options.exact_rate = 10'000;
  options.checkpoint_every = 50ms;
  return options;
}

struct Keeper final : Observer {
  void on_result(const PortResult& result) override { ++results[result.target.port]; }
  void on_checkpoint(const Checkpoint& checkpoint) override { saved.push_back(checkpoint); }
  bool stop_requested() override { return results.size() >= stop_after; }
  std::map<std::uint16_t, int> results;
  std::vector<Checkpoint> saved;
  std::size_t stop_after = 1'000'000;
};

PortBehaviour behaviour(const Endpoint& target) {
  if (target.port % 10 == 0) return PortBehaviour::silent;
  return target.port % 7 == 0 ? PortBehaviour::open : PortBehaviour::closed;
}

struct Part {
  Keeper keeper;
  ScanSummary summary;
  std::map<std::uint16_t, int> probes;
};

Part scan_part(const ScanOptions& options, std::size_t stop_after = 1'000'000) {
  ManualClock clock;
  ScanPath network(clock, {.rtt = 5ms}, behaviour);
  Part part;
  network.on_probe = [&](const Probe& probe, MonotonicTime) { ++part.probes[probe.target.port]; };
  part.keeper.stop_after = stop_after;
  const auto summary = tcp::scan::run(options, clock, network, part.keeper);
  REQUIRE(summary);
  part.summary = *summary;
  return part;
}

}  // namespace

TEST_CASE("a checkpoint survives its bytes") {
  const Part part = scan_part(options_for(), 2'000);
  for (const Checkpoint& checkpoint : part.keeper.saved) {
    const auto again = parse_checkpoint(serialize(checkpoint));
    REQUIRE_MESSAGE(again, again.error().message());
    CHECK(*again == checkpoint);
  }
}

TEST_CASE("a checkpoint with a byte changed, cut off or added to is none") {
  const std::vector<std::uint8_t> good = serialize(scan_part(options_for(300), 100).keeper.saved.back());
  REQUIRE(parse_checkpoint(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<std::uint8_t> bad = good;
    bad[i] ^= 0x11;
    CHECK_FALSE(parse_checkpoint(bad));
    CHECK_FALSE(parse_checkpoint(std::span(good).first(i)));
  }
  std::vector<std::uint8_t> longer = good;
  longer.push_back(0);
  CHECK_FALSE(parse_checkpoint(longer));
}

TEST_CASE("a scan that was stopped goes on where it was: nothing twice, nothing missed") {
  const Part before = scan_part(options_for(), 2'000);
  CHECK_FALSE(before.summary.complete);
  ScanOptions options = options_for();
  const Checkpoint last = *parse_checkpoint(serialize(before.keeper.saved.back()));
  CHECK(last.concluded);
  options.resume = &last;
  const Part after = scan_part(options);
  CHECK(after.summary.complete);
  CHECK(after.summary.counts.open == 643);
  CHECK(after.summary.counts.closed == 3857);
  CHECK(after.summary.counts.filtered == 500);
  CHECK(after.summary.counts.unfinished == 0);
  for (std::uint16_t port = 1; port <= kPorts; ++port) {
    const int results = (before.keeper.results.contains(port) ? 1 : 0) + (after.keeper.results.contains(port) ? 1 : 0);
    CHECK(results == 1);
    if (before.keeper.results.contains(port)) CHECK_FALSE(after.probes.contains(port));
  }
}

TEST_CASE("a scan that was killed goes on from what was saved last") {
  const Part before = scan_part(options_for());
  ScanOptions options = options_for();
  const Checkpoint middle = before.keeper.saved[before.keeper.saved.size() / 3];
  CHECK_FALSE(middle.concluded);
  options.resume = &middle;
  const Part after = scan_part(options);
  CHECK(after.summary.counts.open == 643);
  CHECK(after.summary.counts.closed == 3857);
  CHECK(after.summary.counts.filtered == 500);
  CHECK(after.probes.size() < kPorts);
}

TEST_CASE("a scan that is done has nothing to go on with") {
  const Part before = scan_part(options_for(300));
  ScanOptions options = options_for(300);
  options.resume = &before.keeper.saved.back();
  const Part after = scan_part(options);
  CHECK(after.probes.empty());
  CHECK(after.keeper.results.empty());
  CHECK(after.summary.counts == before.summary.counts);
}

TEST_CASE("a checkpoint of another version of the format is refused as that, whatever follows") {
  std::vector<std::uint8_t> other = serialize(scan_part(options_for(300), 100).keeper.saved.back());
  const std::size_t version = std::string_view("tcpbox-scan-checkpoint\n").size();
  for (const unsigned number : {1U, 4U}) {
    other[version] = static_cast<std::uint8_t>(number);
    const auto parsed = parse_checkpoint(other);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message() == "checkpoint: has version " + std::to_string(number) +
                                          " of the format, and this program reads versions 2 and 3 only");
  }
}

TEST_CASE("the digest is that of the targets, the ports, the technique and the probes") {
  const ScanOptions options = options_for(10);
  const std::uint64_t digest = digest_of(options.space, *options.technique, "");
  CHECK(digest == digest_of(options_for(10).space, *options.technique, ""));
  CHECK(digest != digest_of(options_for(11).space, *options.technique, ""));
  CHECK(digest != digest_of(options.space, *find_technique("connect"), ""));
  CHECK(digest != digest_of(options.space, *options.technique, "ttl 3"));
  const auto zone = [](std::uint32_t index) {
    const IpAddress address = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, index);
    return digest_of(*ProbeSpace::make(*TargetSet::make({{address, address}}), {1}), *find_technique("syn"), "");
  };
  CHECK(zone(1) != zone(2));
  const auto other = ProbeSpace::make(*TargetSet::make({{IpAddress::v4(1), IpAddress::v4(1)}}), {1, 2, 3});
  CHECK(digest_of(*other, *options.technique, "") != digest);
}

TEST_CASE("shards are disjoint and together everything") {
  for (const std::uint64_t size : {1ULL, 7ULL, 1000ULL, (1ULL << 48) - 3}) {
    for (const std::uint32_t count : {1U, 2U, 3U, 7U, 1'000'000U}) {
      CHECK(begin_of({0, count}, size) == 0);
      CHECK(end_of({count - 1, count}, size) == size);
      for (std::uint32_t i = 1; i < std::min(count, 100U); ++i)
        CHECK(begin_of({i, count}, size) == end_of({i - 1, count}, size));
    }
  }
  std::map<std::uint16_t, int> probes;
  for (std::uint32_t i = 0; i < 3; ++i) {
    ScanOptions options = options_for(1000);
    options.timing.retries = 0;
    options.shard = {i, 3};
    const Part part = scan_part(options);
    CHECK(part.summary.counts.pairs == (i == 0 ? 333U : i == 1 ? 333U : 334U));
    for (const auto& [port, count] : part.probes) probes[port] += count;
  }
  CHECK(probes.size() == 1000);
  for (const auto& [port, count] : probes) CHECK(count == 1);
}
