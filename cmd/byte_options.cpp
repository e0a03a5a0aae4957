// SPDX-License-Identifier: MIT
#include "cmd/byte_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <utility>

#include "cmd/options.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/stream/rate_limiter.hpp"

namespace tcp::cmd {
namespace {

constexpr const char* kGroup = "Moving bytes";

Result<std::uint64_t> settle_until(const std::string& word) {
  auto count = parse_byte_count(word);
  if (!count) return in_option("--until-bytes", std::move(count).error());
  if (*count == 0) return usage_error("--until-bytes " + word, "must be at least one byte");
  return *count;
}

Result<std::uint64_t> settle_rate(const std::string& word) {
  auto rate = parse_byte_rate(word);
  if (!rate) return in_option("--rate", std::move(rate).error());
  if (*rate < stream::RateLimiter::kLeastRate || *rate > stream::RateLimiter::kMostRate) {
    return usage_error("--rate " + word, "must be from 1 byte to 100 GB a second");
  }
  return *rate;
}

}  // namespace

void ByteOptions::define(CLI::App& app) {
  app.add_flag("-C,--crlf", crlf, "Send CR LF for LF")->group(kGroup);
  app.add_option("--delay", delay, "Wait so long between lines sent")->type_name("DURATION")->group(kGroup);
  app.add_option("--quit-after", quit_after, "End so long after our own end, whatever the peer does")
      ->type_name("DURATION")
      ->group(kGroup);
  app.add_flag("--half-open", half_open, "Keep sending after the peer's end, whatever standard input is")
      ->group(kGroup);
  app.add_option("--until-bytes", until_bytes, "End when so many bytes have been received")
      ->type_name("SIZE")
      ->group(kGroup);
  app.add_option("--rate", rate, "At most so much a second each way: 10MB/s, 80Mbit/s")
      ->type_name("RATE")
      ->group(kGroup);
  app.add_flag("--progress", progress, "Show bytes, rate and time left on standard error")->group("Output");
  app.add_flag("--hexdump", hexdump, "Show all that passes on standard error, in hexadecimal")->group("Output");
  app.add_option("--record", record, "Keep both directions in a new file: .pcapng, .pcap, or text")
      ->type_name("FILE")
      ->group("Output");
}

Result<void> ByteOptions::settle_amounts(stream::RelayOptions& relay) const {
  TCP_TRY_ASSIGN(line_delay, settle_duration("--delay", delay, Duration()));
  relay.line_delay = line_delay;
  if (!quit_after.empty()) {
    TCP_TRY_ASSIGN(patience, settle_duration("--quit-after", quit_after, Duration()));
    relay.quit_after = patience;
  }
  if (!until_bytes.empty()) {
    TCP_TRY_ASSIGN(count, settle_until(until_bytes));
    relay.until_bytes = count;
  }
  if (!rate.empty()) {
    TCP_TRY_ASSIGN(bytes, settle_rate(rate));
    relay.rate_bytes_per_s = bytes;
  }
  return {};
}

Result<void> ByteOptions::settle_display(bool json_on_stderr) const {
  if (progress && hexdump) return usage_error("--progress and --hexdump", "choose one: both write standard error");
  if (json_on_stderr && (progress || hexdump)) {
    return usage_error(progress ? "--progress" : "--hexdump",
                       "standard error carries the JSON; give that --json-fd FD of its own");
  }
  return {};
}

Result<void> ByteOptions::settle(stream::RelayOptions& relay, bool json_on_stderr) const {
  TCP_TRY(settle_amounts(relay));
  TCP_TRY(settle_display(json_on_stderr));
  relay.crlf = crlf;
  relay.half_open = half_open;
  if (half_open) relay.finish_at_remote_end = false;
  if (relay.until_bytes && relay.direction == stream::Direction::send_only) {
    return usage_error("--until-bytes and --send-only", "choose one: the latter receives nothing");
  }
  const bool sends = relay.direction != stream::Direction::receive_only;
  const std::array needs_sending{std::pair{crlf, "--crlf"}, std::pair{!delay.empty(), "--delay"},
                                 std::pair{!quit_after.empty(), "--quit-after"}, std::pair{half_open, "--half-open"}};
  for (const auto& [given, name] : needs_sending) {
    if (given && !sends)
      return usage_error(std::string(name) + " and --recv-only", "choose one: the latter sends nothing");
  }
  return {};
}

std::string_view ByteOptions::first_given() const {
  const std::array given{std::pair{crlf, "--crlf"},
                         std::pair{!delay.empty(), "--delay"},
                         std::pair{!quit_after.empty(), "--quit-after"},
                         std::pair{half_open, "--half-open"},
                         std::pair{!until_bytes.empty(), "--until-bytes"},
                         std::pair{!rate.empty(), "--rate"},
                         std::pair{progress, "--progress"},
                         std::pair{hexdump, "--hexdump"},
                         std::pair{!record.empty(), "--record"}};
  const auto* const first = std::ranges::find(given, true, &std::pair<bool, const char*>::first);
  return first == given.end() ? std::string_view() : first->second;
}

}  // namespace tcp::cmd
