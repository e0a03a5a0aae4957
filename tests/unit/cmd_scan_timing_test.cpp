// SPDX-License-Identifier: MIT
#include "cmd/scan_timing_options.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "cmd/scan_checkpoint.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace tcp;
using namespace tcp::cmd;
using namespace std::chrono_literals;

namespace {

scan::ScanOptions options_for(const char* address, std::vector<std::uint16_t> ports = {22, 80}) {
  const IpAddress host = *parse_ip_address(address);
  scan::ScanOptions options;
  options.space = *scan::ProbeSpace::make(*scan::TargetSet::make({{host, host}}), std::move(ports));
  options.technique = scan::find_technique("syn");
  options.seed = 99;
  return options;
}

scan::ScanOptions applied(ScanTimingWords& words, const char* address = "127.0.0.1") {
  scan::ScanOptions options = options_for(address);
  REQUIRE(words.settle());
  REQUIRE(words.apply(options));
  return options;
}

std::string complaint(ScanTimingWords words) {
  const auto settled = words.settle();
  return settled ? "" : settled.error().message();
}

}  // namespace

TEST_CASE("without words the rate follows what comes back, and retries the loss") {
  ScanTimingWords words;
  const scan::ScanOptions options = applied(words);
  CHECK_FALSE(options.exact_rate);
  CHECK_FALSE(options.timing.retries);
  CHECK_FALSE(options.checkpoint_every);
  CHECK(options.rates.unproven == 50'000);  // this host is nearby
  CHECK(options.seed == 99);
  CHECK(words.most_tries() == scan::kMostTries);
}

TEST_CASE("what nothing proves to arrive is sent the more slowly, the less of the way is the user's own") {
  ScanTimingWords words;
  CHECK(applied(words, "2001:db8::1").rates.unproven == 40'000);  // on no link of this host, and nobody's
  CHECK(applied(words, "11.0.0.1").rates.unproven == 10'000);
}

TEST_CASE("each word has its effect") {
  ScanTimingWords words;
  words.timing = "gentle";
  words.max_rate = "5000";
  words.min_rate = "100";
  words.confidence = "99%";
  words.timeout = "500ms";
  words.host_timeout = "1m";
  words.shard = "2/4";
  words.seed = "7";
  words.checkpoint = "file";
  const scan::ScanOptions options = applied(words);
  CHECK(options.rates.most == 5000);
  CHECK(options.rates.least == 100);
  CHECK(options.rates.growth == 1.25);
  CHECK(options.timing.confidence == doctest::Approx(0.99));
  CHECK(options.timing.rto.maximum == 500ms);
  CHECK(*options.timing.host_timeout == 1min);
  CHECK(options.shard == scan::Shard{1, 4});
  CHECK(options.seed == 7);
  CHECK(options.checkpoint_every);
  ScanTimingWords exact;
  exact.rate = "123";
  exact.retries = "2";
  CHECK(*applied(exact).exact_rate == 123);
  CHECK(exact.most_tries() == 3);
  ScanTimingWords unpaced;
  unpaced.timing = "line-rate";
  CHECK(*applied(unpaced).exact_rate == scan::kHighestRate);
}

TEST_CASE("words that are off are named") {
  const auto with = [](std::string ScanTimingWords::* word, const char* text) {
    ScanTimingWords words;
    words.*word = text;
    return complaint(words);
  };
  CHECK(with(&ScanTimingWords::timing, "brisk").contains("gentle, normal, fast or line-rate"));
  CHECK(with(&ScanTimingWords::rate, "0").contains("--rate '0'"));
  CHECK(with(&ScanTimingWords::max_rate, "x").contains("--max-rate"));
  CHECK(with(&ScanTimingWords::min_rate, "-1").contains("--min-rate"));
  CHECK(with(&ScanTimingWords::retries, "15").contains("0 to 14"));
  CHECK(with(&ScanTimingWords::confidence, "100").contains("50 to 99.9999"));
  CHECK(with(&ScanTimingWords::timeout, "0").contains("1ms"));
  CHECK(with(&ScanTimingWords::host_timeout, "0").contains("--host-timeout"));
  CHECK(with(&ScanTimingWords::shard, "1/2").contains("needs --seed"));
  CHECK(with(&ScanTimingWords::shard, "3/2").contains("such as 1/4"));
  CHECK(with(&ScanTimingWords::seed, "x").contains("--seed"));
  ScanTimingWords both;
  both.rate = "10";
  both.max_rate = "20";
  CHECK(complaint(both).contains("exact"));
}

TEST_CASE("a scan is resumed from its own file only") {
  const tcp::test::TemporaryDirectory directory;
  const std::string path = directory / "state";
  const scan::ScanOptions first = options_for("127.0.0.1");
  scan::Checkpoint checkpoint;
  checkpoint.digest = scan::digest_of(first.space, *first.technique, first.manner);
  checkpoint.seed = 5;
  checkpoint.pairs = 2;
  checkpoint.counts.pairs = 2;
  REQUIRE(write_checkpoint(path, checkpoint));
  ScanTimingWords words;
  words.resume = path;
  const scan::ScanOptions options = applied(words);
  REQUIRE(options.resume != nullptr);
  CHECK(*options.resume == checkpoint);
  CHECK(options.seed == 5);

  scan::ScanOptions other = options_for("127.0.0.1", {22, 81});
  CHECK(words.apply(other).error().message().contains("other targets or ports"));
  scan::ScanOptions other_probes = options_for("127.0.0.1");
  other_probes.manner = "bits FIN";
  CHECK(words.apply(other_probes).error().message().contains("other probes"));
  words.seed = "6";
  REQUIRE(words.settle());
  scan::ScanOptions same = options_for("127.0.0.1");
  CHECK(words.apply(same).error().message().contains("another --seed"));
  std::ofstream(path) << "nonsense";
  CHECK(words.apply(same).error().message() == path + ": this is no checkpoint of a scan");
  CHECK_FALSE(write_checkpoint(directory / "missing/state", checkpoint));
  CHECK(std::remove(path.c_str()) == 0);
  CHECK(std::remove(directory.path().c_str()) == 0);  // no temporary file was left behind
}
