// SPDX-License-Identifier: MIT
// What the look-ups of one name have said so far, and when connecting may begin (RFC 8305 §3).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"

namespace tcp::stream {

// RFC 8305 §8: for IPv6 addresses, once there are others.
inline constexpr std::chrono::milliseconds kResolutionDelay{50};

class NameAnswers {
 public:
  explicit NameAnswers(std::size_t questions) : pending_(questions) {}

  // `asked`: the family of the question; absent: both.
  void note(std::optional<Family> asked, const Result<std::vector<IpAddress>>& answer, MonotonicTime now);

  // When connecting may begin, if no other answer comes before: MonotonicTime::min() now, MonotonicTime::max() never.
  [[nodiscard]] MonotonicTime begin() const noexcept { return pending_ == 0 ? MonotonicTime::min() : begin_; }
  [[nodiscard]] bool is_complete() const noexcept { return pending_ == 0; }
  // When no answer held an address: why.
  [[nodiscard]] Error failure() const;

 private:
  struct Failure {
    std::optional<Family> asked;
    Error error;
  };

  std::size_t pending_;
  MonotonicTime begin_ = MonotonicTime::max();
  std::vector<Failure> failures_;
};

}  // namespace tcp::stream
