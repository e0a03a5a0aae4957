// SPDX-License-Identifier: MIT
// Small words that people type: numbers, durations, sizes. Each is taken whole or not at all.
#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"

namespace tcp {

// Decimal digits only: no sign, no space, no base prefix. Nothing when it does not fit.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> parse_unsigned(std::string_view text) noexcept {
  T value{};
  const char* end = text.data() + text.size();
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// 0 to 65535.
[[nodiscard]] Result<std::uint16_t> parse_port_number(std::string_view text);

// "250ms", "1.5s", "2m", "1h", "40us"; a bare number is seconds. Never negative, at most 10 years.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

// "4096", "64k", "10MB" (10^6), "10MiB" (2^20); bytes.
[[nodiscard]] Result<std::uint64_t> parse_byte_count(std::string_view text);

// "10MB", "10MB/s", "80Mbit/s", "64k"; bytes a second. A bit is an eighth of a byte, its k, M and G are decimal.
[[nodiscard]] Result<std::uint64_t> parse_byte_rate(std::string_view text);

// "12.3 ms", "450 µs", "2.0 s": three significant digits, for people.
[[nodiscard]] std::string format_duration(Duration duration);

// "1.2 MiB", "512 B": for people.
[[nodiscard]] std::string format_byte_count(std::uint64_t bytes);

}  // namespace tcp
