// SPDX-License-Identifier: MIT
#include "cmd/scan_timing_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>

#include "cmd/scan_checkpoint.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/net/route.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostRoutesAsked = 64;
constexpr Duration kBetweenCheckpoints = std::chrono::seconds(10);
constexpr std::uint32_t kMostShards = 1'000'000;

// Probes a second by name. What is within seldom lies behind an address translation, which keeps a state for each
// probe.
struct Pace {
  std::string_view name;
  scan::RateBounds on_link;
  scan::RateBounds within;
  scan::RateBounds outside;

  [[nodiscard]] const scan::RateBounds& bounds(Reach reach) const noexcept {
    return reach == Reach::on_link ? on_link : reach == Reach::within ? within : outside;
  }
};

constexpr std::array kPaces{
    Pace{"gentle", {1'000, 2'000, 1, 10'000, 1.25}, {1'000, 2'000, 1, 10'000, 1.25}, {1'000, 2'000, 1, 10'000, 1.25}},
    Pace{"normal",
         {10'000, 50'000, 1, scan::kHighestRate, 2},
         {10'000, 40'000, 1, scan::kHighestRate, 2},
         {5'000, 10'000, 1, scan::kHighestRate, 2}},
    Pace{"fast",
         {50'000, 200'000, 1, scan::kHighestRate, 2},
         {50'000, 100'000, 1, scan::kHighestRate, 2},
         {20'000, 50'000, 1, scan::kHighestRate, 2}},
    Pace{"line-rate", {}, {}, {}},  // whatever the interface takes
};

const Pace* find_pace(std::string_view name) {
  const auto pace = std::ranges::find(kPaces, name, &Pace::name);
  return pace == kPaces.end() ? nullptr : pace;
}

// "99.9" or "99.9%"
std::optional<double> parse_percentage(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_on_link(const IpAddress& address) {
  const auto route = net::find_route(address);
  return route && !route->gateway;
}

// By the first and the last address of each range.
bool are_on_link(const scan::TargetSet& targets) {
  if (targets.range_count() > kMostRoutesAsked) return false;
  for (std::size_t i = 0; i < targets.range_count(); ++i) {
    const AddressRange range = targets.range(i);
    if (!is_on_link(range.first) || !is_on_link(range.last)) return false;
  }
  return true;
}

Reach reach_of(const scan::TargetSet& targets) {
  if (are_on_link(targets)) return Reach::on_link;
  return targets.count_public() == 0 ? Reach::within : Reach::outside;
}

}  // namespace

void ScanTimingWords::define(CLI::App& app) {
  app.add_option("--timing", timing, "How bold: gentle, normal, fast or line-rate (default normal)")
      ->type_name("NAME")
      ->group("Timing");
  app.add_option("--rate", rate, "Probes a second, exactly (default: as many as the way bears)")
      ->type_name("COUNT")
      ->group("Timing");
  app.add_option("--max-rate", max_rate, "Never more probes a second")->type_name("COUNT")->group("Timing");
  app.add_option("--min-rate", min_rate, "Never fewer probes a second")->type_name("COUNT")->group("Timing");
  app.add_option("--retries", retries, "How often a silent port is probed again (default: as the loss demands)")
      ->type_name("COUNT")
      ->group("Timing");
  app.add_option("--confidence", confidence, "How sure a silence must be that is no loss (default 99.9%)")
      ->type_name("PERCENT")
      ->group("Timing");
  app.add_option("--timeout", timeout, "Longest wait for the answer to a probe (default 2s)")
      ->type_name("DURATION")
      ->group("Timing");
  app.add_option("--host-timeout", host_timeout, "Give a host up that takes longer")
      ->type_name("DURATION")
      ->group("Timing");
  app.add_option("--shard", shard, "Probe part I of N only; the parts of a --seed are everything, once")
      ->type_name("I/N")
      ->group("Parts");
  app.add_option("--seed", seed, "Number that the order of the probes follows from (default random)")
      ->type_name("NUMBER")
      ->group("Parts");
  app.add_option("--checkpoint", checkpoint, "Keep in this file how far the scan is")
      ->type_name("FILE")
      ->group("Parts");
  app.add_option("--resume", resume, "Go on where the scan was that kept this file")->type_name("FILE")->group("Parts");
}

Result<void> ScanTimingWords::settle() {
  if (find_pace(timing) == nullptr) {
    return usage_error("--timing '" + timing + "'", "must be gentle, normal, fast or line-rate");
  }
  TCP_TRY(settle_rates());
  TCP_TRY(settle_patience());
  return settle_part();
}

Result<void> ScanTimingWords::settle_rates() {
  constexpr std::uint64_t kLeast = 1;
  TCP_TRY_ASSIGN(exact, settle_number("--rate", rate, kLeast, scan::kHighestRate));
  TCP_TRY_ASSIGN(most, settle_number("--max-rate", max_rate, kLeast, scan::kHighestRate));
  TCP_TRY_ASSIGN(least, settle_number("--min-rate", min_rate, kLeast, scan::kHighestRate));
  if (exact && (most || least)) return usage_error("--rate", "is exact: no --max-rate and no --min-rate beside it");
  if (most && least && *least > *most) return usage_error("--min-rate " + min_rate, "must be at most --max-rate");
  rate_ = exact;
  max_rate_ = most;
  min_rate_ = least;
  return {};
}

Result<void> ScanTimingWords::settle_patience() {
  TCP_TRY_ASSIGN(again, settle_number("--retries", retries, 0U, scan::kMostTries - 1));
  timing_.retries = again;
  if (again && !confidence.empty()) {
    return usage_error("--confidence", "decides how often a port is probed: no --retries beside it");
  }
  if (!confidence.empty()) {
    const auto percent = parse_percentage(confidence);
    if (!percent || *percent < 50 || *percent > 99.9999) {
      return usage_error("--confidence '" + confidence + "'", "must be a percentage from 50 to 99.9999");
    }
    timing_.confidence = *percent / 100;
  }
  TCP_TRY_ASSIGN(longest, settle_duration("--timeout", timeout, timing_.rto.maximum));
  if (longest < std::chrono::milliseconds(1)) return usage_error("--timeout '" + timeout + "'", "must be at least 1ms");
  timing_.rto.maximum = longest;
  if (host_timeout.empty()) return {};
  TCP_TRY_ASSIGN(for_host, settle_duration("--host-timeout", host_timeout, Duration(0)));
  if (for_host < std::chrono::milliseconds(1)) {
    return usage_error("--host-timeout '" + host_timeout + "'", "must be at least 1ms");
  }
  timing_.host_timeout = for_host;
  return {};
}

Result<void> ScanTimingWords::settle_part() {
  constexpr std::uint64_t kLeast = 0;
  TCP_TRY_ASSIGN(number, settle_number("--seed", seed, kLeast, std::numeric_limits<std::uint64_t>::max()));
  seed_ = number;
  if (shard.empty()) return {};
  const auto slash = shard.find('/');
  const auto part = parse_unsigned<std::uint32_t>(std::string_view(shard).substr(0, slash));
  const auto count = slash == std::string::npos
                         ? std::nullopt
                         : parse_unsigned<std::uint32_t>(std::string_view(shard).substr(slash + 1));
  if (!part || !count || *part == 0 || *part > *count || *count > kMostShards) {
    return usage_error("--shard '" + shard + "'", "must be a part and the number of parts, such as 1/4");
  }
  if (!seed_) return usage_error("--shard", "needs --seed, the same for all parts");
  shard_ = {*part - 1, *count};
  return {};
}

scan::RateBounds ScanTimingWords::bounds_for(Reach reach) const noexcept {
  scan::RateBounds bounds = find_pace(timing)->bounds(reach);
  if (max_rate_) bounds.most = *max_rate_;
  if (min_rate_) bounds.least = *min_rate_;
  bounds.most = std::max(bounds.most, bounds.least);
  return bounds;
}

Result<void> ScanTimingWords::apply_resume(scan::ScanOptions& options) {
  if (resume.empty()) return {};
  TCP_TRY_ASSIGN(saved, read_checkpoint(resume));
  if (saved.digest != scan::digest_of(options.space, *options.technique, options.manner)) {
    return usage_error("--resume " + resume,
                       "is of a scan of other targets or ports, with another technique or with other probes");
  }
  if (seed_ && *seed_ != saved.seed) return usage_error("--resume " + resume, "is of a scan with another --seed");
  if (!shard.empty() && shard_ != saved.shard) {
    return usage_error("--resume " + resume, "is of another --shard");
  }
  options.seed = saved.seed;
  options.shard = saved.shard;
  resumed_ = std::move(saved);
  options.resume = &*resumed_;
  return {};
}

Result<void> ScanTimingWords::apply(scan::ScanOptions& options) {
  options.timing = timing_;
  options.exact_rate = rate_;
  if (timing == "line-rate" && !rate_) options.exact_rate = max_rate_.value_or(scan::kHighestRate);
  options.rates = bounds_for(reach_of(options.space.targets()));
  options.shard = shard_;
  if (seed_) options.seed = *seed_;
  if (!checkpoint.empty()) options.checkpoint_every = kBetweenCheckpoints;
  return apply_resume(options);
}

unsigned ScanTimingWords::most_tries() const noexcept {
  return timing_.retries ? *timing_.retries + 1 : scan::kMostTries;
}

}  // namespace tcp::cmd
