// SPDX-License-Identifier: MIT
#include "libtcp/base/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <span>
#include <string>

#include "libtcp/base/ascii.hpp"

namespace tcp {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr double kNanosecond = 1.0;
constexpr double kSecond = 1e9 * kNanosecond;
constexpr double kLongestDuration = 10 * 366 * 86400 * kSecond;
constexpr double kLargestByteCount = 9.0e18;  // below 2^63, so that sums of offsets stay in range

constexpr std::array kDurationUnits{
    Unit{"", kSecond},         Unit{"ns", 1.0},
    Unit{"us", 1e3},           Unit{"µs", 1e3},
    Unit{"ms", 1e6},           Unit{"s", kSecond},
    Unit{"m", 60 * kSecond},   Unit{"min", 60 * kSecond},
    Unit{"h", 3600 * kSecond}, Unit{"d", 86400 * kSecond},
};

// Decimal with B, binary with iB and for the bare letters that nc, ncat and socat users type.
constexpr std::array kByteUnits{
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", 1024.0},
    Unit{"kb", 1e3},
    Unit{"kib", 1024.0},
    Unit{"m", 1048576.0},
    Unit{"mb", 1e6},
    Unit{"mib", 1048576.0},
    Unit{"g", 1073741824.0},
    Unit{"gb", 1e9},
    Unit{"gib", 1073741824.0},
    Unit{"t", 1099511627776.0},
    Unit{"tb", 1e12},
    Unit{"tib", 1099511627776.0},
};

constexpr std::array kBitUnits{
    Unit{"bit", 0.125},
    Unit{"kbit", 125.0},
    Unit{"mbit", 125e3},
    Unit{"gbit", 125e6},
};

// A non-negative decimal number followed by one of the units, or nothing.
std::optional<double> parse_quantity(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || !(std::isdigit(static_cast<unsigned char>(text.front())) != 0)) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  const std::string unit = ascii_lower(std::string_view{stop, static_cast<std::size_t>(end - stop)});
  const auto row = std::ranges::find(units, unit, &Unit::name);
  if (row == units.end()) return std::nullopt;
  return number * row->factor;
}

}  // namespace

Result<std::uint16_t> parse_port_number(std::string_view text) {
  if (auto port = parse_unsigned<std::uint16_t>(text)) return *port;
  return usage_error("port '" + std::string(text) + "'", "must be a number from 0 to 65535");
}

Result<Duration> parse_duration(std::string_view text) {
  const auto value = parse_quantity(text, kDurationUnits);
  if (!value || *value > kLongestDuration) {
    return usage_error("duration '" + std::string(text) + "'", "must look like 250ms, 1.5s, 2m or 1h");
  }
  return Duration(std::llround(*value));
}

Result<std::uint64_t> parse_byte_count(std::string_view text) {
  const auto value = parse_quantity(text, kByteUnits);
  if (!value || *value > kLargestByteCount) {
    return usage_error("size '" + std::string(text) + "'", "must look like 4096, 64k, 10MB or 1GiB");
  }
  return static_cast<std::uint64_t>(std::llround(*value));
}

Result<std::uint64_t> parse_byte_rate(std::string_view text) {
  std::string_view amount = text;
  if (amount.ends_with("/s")) amount.remove_suffix(2);
  auto value = parse_quantity(amount, kBitUnits);
  if (!value) value = parse_quantity(amount, kByteUnits);
  if (!value || *value > kLargestByteCount) {
    return usage_error("rate '" + std::string(text) + "'", "must look like 10MB/s, 64k or 80Mbit/s");
  }
  return static_cast<std::uint64_t>(std::llround(*value));
}

std::string format_duration(Duration duration) {
  struct Step {
    double limit;
    double divisor;
    std::string_view unit;
  };
  static constexpr std::array kSteps{Step{1e3, 1, "ns"}, Step{1e6, 1e3, "µs"}, Step{1e9, 1e6, "ms"},
                                     Step{std::numeric_limits<double>::infinity(), 1e9, "s"}};
  const auto value = static_cast<double>(duration.count());
  const auto& step = *std::ranges::find_if(kSteps, [&](const Step& s) { return std::abs(value) < s.limit; });
  const double scaled = value / step.divisor;
  const int decimals = std::abs(scaled) >= 100 || step.divisor == 1 ? 0 : std::abs(scaled) >= 10 ? 1 : 2;
  return fmt::format("{:.{}f} {}", scaled, decimals, step.unit);
}

std::string format_byte_count(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace tcp
