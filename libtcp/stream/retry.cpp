// SPDX-License-Identifier: MIT
#include "libtcp/stream/retry.hpp"

#include <algorithm>
#include <array>

#include "libtcp/base/deadline.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::stream {
namespace {

constexpr std::array kPassing{
    std::errc::connection_refused, std::errc::timed_out,
    std::errc::host_unreachable,   std::errc::network_unreachable,
    std::errc::network_down,       std::errc::connection_reset,
    std::errc::connection_aborted, std::errc::resource_unavailable_try_again,
};

// Less of the wait than this is not worth another try.
constexpr std::chrono::milliseconds kLeastLeft{10};

}  // namespace

Backoff::Backoff(Duration first, Duration longest, std::uint32_t seed)
    : step_(std::max(first, Duration(0))), longest_(std::max(longest, step_)), random_(seed) {}

Duration Backoff::next() {
  const Duration step = step_;
  step_ = step_ > longest_ / 2 ? longest_ : step_ * 2;
  return step - Duration(std::uniform_int_distribution<Duration::rep>(0, step.count() / 2)(random_));
}

bool may_pass(const Error& error, const Target& target) {
  const auto* host = std::get_if<HostTarget>(&target);
  if (host == nullptr && error.is(std::errc::no_such_file_or_directory)) return true;
  if (host != nullptr && error.is(Errc::resolve_failed)) return !parse_ip_address(host->host);
  return error.is(Errc::timed_out) || std::ranges::any_of(kPassing, [&](std::errc code) { return error.is(code); });
}

RetryPolicy::RetryPolicy(const RetryOptions& options, MonotonicTime started, std::uint32_t seed)
    : options_(options),
      deadline_(deadline_after(started, options.wait)),
      backoff_(options.first_delay, options.longest_delay, seed) {}

Duration RetryPolicy::bound(Duration timeout, MonotonicTime now) const {
  if (deadline_ == MonotonicTime::max()) return timeout;
  const Duration left = std::max(deadline_ - now, Duration(1));
  return timeout == Duration() ? left : std::min(timeout, left);
}

std::optional<RetryPlanned> RetryPolicy::after(const Error& error, const Target& target, MonotonicTime now) {
  ++failed_;
  if (!error.is(Errc::timed_out)) answer_ = error;
  if (!may_pass(error, target)) return std::nullopt;
  if (options_.retries != kRetryForever && failed_ > options_.retries) return std::nullopt;
  Duration delay = backoff_.next();
  if (deadline_ != MonotonicTime::max()) {
    const Duration left = deadline_ - now;
    wait_is_over_ = left < kLeastLeft;
    if (wait_is_over_) return std::nullopt;
    if (delay >= left) delay = left / 4 * 3;  // some time must be left for the try itself
  }
  return RetryPlanned{failed_, delay, error};
}

Error RetryPolicy::verdict(Error last, const Target& target) const {
  if (!wait_is_over_) return last;
  if (answer_) last = *answer_;  // the end of the wait may have cut the last try short, which says nothing
  return {make_error_code(Errc::timed_out), "wait for " + to_string(target),
          "not open after " + format_duration(options_.wait) + "; " + last.message(), last.hint};
}

}  // namespace tcp::stream
