// SPDX-License-Identifier: MIT
#include "cmd/dial_words.hpp"

#include <CLI/CLI.hpp>

#include "cmd/options.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

constexpr std::chrono::seconds kDefaultTimeout{30};
constexpr std::chrono::seconds kDefaultDelay{1};
constexpr std::chrono::milliseconds kLeastDelay{1};
constexpr std::chrono::seconds kLongestDelay{30};
// Whoever waits for a port wants to know soon.
constexpr std::chrono::milliseconds kDefaultDelayOfWait{100};
constexpr std::chrono::seconds kLongestDelayOfWait{1};

Result<std::uint64_t> parse_retries(const std::string& word) {
  if (word == "forever") return stream::kRetryForever;
  const auto count = parse_unsigned<std::uint32_t>(word);
  if (!count) return usage_error("--retry '" + word + "'", "must be a number of further tries, or forever");
  return *count;
}

// Both ends are written: an open one would be too easy to mistake for a negative number.
Result<ports::PortRange> parse_source_ports(const std::string& word) {
  const std::size_t dash = word.find('-');
  const auto first = parse_unsigned<std::uint16_t>(std::string_view(word).substr(0, dash));
  const auto last =
      dash == std::string::npos ? first : parse_unsigned<std::uint16_t>(std::string_view(word).substr(dash + 1));
  if (first && last && *first > 0 && *first <= *last) return ports::PortRange{*first, *last};
  return usage_error("--source-port '" + word + "'",
                     "must be a port from 1 to 65535, or a range of them like 4000-4010");
}

}  // namespace

void DialWords::define(CLI::App& app) {
  const char* const group = "Connecting";
  app.add_option("--timeout", timeout_, "How long a try may take: names, all addresses and TLS (30s; 0: no limit)")
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--retry", retry_, "Try again so often, or forever")->type_name("N")->group(group);
  app.add_option("--retry-delay", retry_delay_, "First pause between tries; doubles up to 30s (1s)")
      ->type_name("DURATION")
      ->group(group);
  app.add_option("--wait", wait_, "Keep trying for so long, until the port opens")->type_name("DURATION")->group(group);
  app.add_option("-s,--source", source_, "Connect from this address")->type_name("ADDRESS")->group(group);
  app.add_option("--source-port", source_port_, "Connect from this port, or a free one of a range")
      ->type_name("N|A-B")
      ->group(group);
  app.add_option("--interface", interface_, "Connect through this network interface")->type_name("NAME")->group(group);
}

Result<void> DialWords::settle() {
  TCP_TRY_ASSIGN(timeout, settle_duration("--timeout", timeout_, kDefaultTimeout));
  dial.timeout = timeout;
  TCP_TRY(settle_retry());
  return settle_source();
}

Result<void> DialWords::settle_retry() {
  const bool waits = !wait_.empty();
  TCP_TRY_ASSIGN(wait, settle_duration("--wait", wait_, Duration()));
  if (waits && wait == Duration()) return usage_error("--wait '" + wait_ + "'", "must be longer than nothing");
  retry.wait = wait;
  if (waits) retry.retries = stream::kRetryForever;
  if (!retry_.empty()) {
    TCP_TRY_ASSIGN(retries, parse_retries(retry_));
    retry.retries = retries;
  }
  if (!retry_delay_.empty() && retry_.empty() && !waits) return usage_error("--retry-delay", "needs --retry or --wait");
  const Duration otherwise = waits ? Duration(kDefaultDelayOfWait) : Duration(kDefaultDelay);
  TCP_TRY_ASSIGN(delay, settle_duration("--retry-delay", retry_delay_, otherwise));
  if (delay < kLeastDelay) return usage_error("--retry-delay '" + retry_delay_ + "'", "must be at least 1ms");
  retry.first_delay = delay;
  retry.longest_delay = waits ? Duration(kLongestDelayOfWait) : Duration(kLongestDelay);
  return {};
}

Result<void> DialWords::settle_source() {
  if (!source_.empty()) {
    auto address = parse_ip_address(source_);
    if (!address) return in_option("--source", std::move(address).error());
    dial.source_address = *address;
  }
  if (!source_port_.empty()) {
    TCP_TRY_ASSIGN(ports, parse_source_ports(source_port_));
    dial.source_ports = ports;
  }
  if (interface_.empty()) return {};
  constexpr std::size_t kLongestName = 15;  // IFNAMSIZ, less the NUL
  if (interface_.size() > kLongestName)
    return usage_error("--interface '" + interface_ + "'", "is longer than 15 bytes");
  TCP_TRY_ASSIGN(settings, stream::make_socket_settings("interface", interface_));
  dial.socket.settings = std::move(settings);
  return {};
}

std::string_view DialWords::needs_ip() const noexcept {
  if (!source_.empty()) return "--source";
  if (!source_port_.empty()) return "--source-port";
  return interface_.empty() ? "" : "--interface";
}

}  // namespace tcp::cmd
