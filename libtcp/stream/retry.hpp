// SPDX-License-Identifier: MIT
// Trying again what failed for want of somebody at the other end.
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/target.hpp"

namespace tcp::stream {

constexpr std::uint64_t kRetryForever = ~std::uint64_t{0};

struct RetryOptions {
  std::uint64_t retries = 0;  // tries after the first one
  Duration first_delay = std::chrono::seconds(1);
  Duration longest_delay = std::chrono::seconds(30);
  Duration wait{};  // no try begins, and none lasts, longer than this after the first began; zero: no such bound
};

// Exponential: the n-th delay is random between half of first·2^n and all of it, which grows up to the longest.
class Backoff {
 public:
  Backoff(Duration first, Duration longest, std::uint32_t seed);
  [[nodiscard]] Duration next();

 private:
  Duration step_;
  Duration longest_;
  std::minstd_rand random_;
};

// Refused, timed out, unreachable, unknown name, no such socket: what may be otherwise in a moment.
[[nodiscard]] bool may_pass(const Error& error, const Target& target);

// Counts the tries and the time of one target.
class RetryPolicy {
 public:
  RetryPolicy(const RetryOptions& options, MonotonicTime started, std::uint32_t seed);

  // How long the next try may take: `timeout` (zero: no limit), or what is left of the wait.
  [[nodiscard]] Duration bound(Duration timeout, MonotonicTime now) const;
  // A try failed with `error`: what comes next, or nothing when that was the last one.
  [[nodiscard]] std::optional<RetryPlanned> after(const Error& error, const Target& target, MonotonicTime now);
  // What to report of the last error: when the wait is over, that is the reason.
  [[nodiscard]] Error verdict(Error last, const Target& target) const;

 private:
  RetryOptions options_;
  MonotonicTime deadline_;
  Backoff backoff_;
  std::uint64_t failed_ = 0;
  bool wait_is_over_ = false;
  std::optional<Error> answer_;  // the last one that was no silence
};

}  // namespace tcp::stream
