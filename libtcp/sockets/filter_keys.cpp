// SPDX-License-Identifier: MIT
#include "libtcp/sockets/filter_keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "libtcp/base/parse.hpp"
#include "libtcp/sockets/filter_lexer.hpp"

namespace tcp::sockets {
namespace {

constexpr FilterKey plain(std::string_view name, KeyKind kind, bool remote = false) {
  return {name, kind, remote, {}, {}, {}, nullptr};
}

constexpr FilterKey number(std::string_view name, NumberSource source, Quantity quantity = Quantity::count) {
  return {name, KeyKind::number, false, source, {}, quantity, nullptr};
}

constexpr FilterKey named(std::string_view name, NameSource source) {
  return {name, KeyKind::name, false, {}, source, {}, nullptr};
}

constexpr std::array kKeys{
    plain("src", KeyKind::host),
    plain("dst", KeyKind::host, true),
    plain("sport", KeyKind::port),
    plain("dport", KeyKind::port, true),
    plain("family", KeyKind::family),
    plain("autobound", KeyKind::autobound),
    plain("dev", KeyKind::interface),
    plain("interface", KeyKind::interface),
    plain("fwmark", KeyKind::mark),
    plain("mark", KeyKind::mark),
    plain("cgroup", KeyKind::cgroup),
    plain("state", KeyKind::state),
    plain("exclude", KeyKind::exclude),
    plain("excl", KeyKind::exclude),
    plain("user", KeyKind::user),
    number("uid", NumberSource::user_id),
    number("pid", NumberSource::process_id),
    named("process", NameSource::process),
    named("unit", NameSource::unit),
    named("container", NameSource::container),
    named("netns", NameSource::network_namespace),
    named("congestion", NameSource::congestion),
    number("age", NumberSource::age, Quantity::duration),
    number("idle", NumberSource::idle, Quantity::duration),
    number("recv_queue", NumberSource::receive_queue, Quantity::bytes),
    number("send_queue", NumberSource::send_queue, Quantity::bytes),
    number("accept_queue", NumberSource::accept_queue),
    number("rate", NumberSource::rate, Quantity::rate),
    number("sent_rate", NumberSource::sent_rate, Quantity::rate),
    number("received_rate", NumberSource::received_rate, Quantity::rate),
};

// Shorter names for fields of struct tcp_info. "retrans" is what people mean by it: all that were ever sent again.
struct Alias {
  std::string_view name;
  std::string_view field;
};
constexpr std::array kAliases{
    Alias{"rtt", "rtt"},
    Alias{"minrtt", "min_rtt"},
    Alias{"cwnd", "snd_cwnd"},
    Alias{"retrans", "total_retrans"},
};

Quantity quantity_of(TcpInfoUnit unit) {
  switch (unit) {
    case TcpInfoUnit::bytes: return Quantity::bytes;
    case TcpInfoUnit::bytes_per_second: return Quantity::rate;
    case TcpInfoUnit::microseconds:
    case TcpInfoUnit::milliseconds: return Quantity::duration;
    default: return Quantity::count;
  }
}

FilterKey field_key(std::string_view name, const TcpInfoField& field) {
  return {name, KeyKind::number, false, NumberSource::tcp_info, {}, quantity_of(field.unit), &field};
}

// "cgroup" by pattern is a name, by path an ID: the key that a pattern is kept under has no row for the parser.
constexpr FilterKey kCgroupPattern = named("cgroup", NameSource::cgroup);

std::vector<FilterKey> build_table() {
  std::vector<FilterKey> table(kKeys.begin(), kKeys.end());
  const auto is_there = [&](std::string_view name) {
    return std::ranges::find(table, name, &FilterKey::name) != table.end();
  };
  for (const Alias& alias : kAliases) table.push_back(field_key(alias.name, *find_tcp_info_field(alias.field)));
  for (const TcpInfoField& field : tcp_info_fields()) {
    if (!is_there(field.name)) table.push_back(field_key(field.name, field));
  }
  return table;
}

// How many bytes must be inserted, left out, replaced or swapped with the next.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

constexpr std::uint64_t kNanosecondsInMicrosecond = 1000;
constexpr std::uint64_t kNanosecondsInMillisecond = 1000 * kNanosecondsInMicrosecond;

std::uint64_t multiplied(std::uint64_t value, std::uint64_t factor) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  return value > kMost / factor ? kMost : value * factor;
}

Result<std::uint64_t> parse_count(const FilterKey& key, std::string_view text) {
  std::uint64_t value = 0;
  const bool hex = text.starts_with("0x");
  const std::string_view digits = hex ? text.substr(2) : text;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
  if (digits.empty() || error != std::errc() || stop != end) {
    return filter_error(text,
                        std::string(key.name) + " is a number without a unit: " + std::string(key.name) + " = 10");
  }
  return value;
}

Result<std::uint64_t> parse_time(const FilterKey& key, std::string_view text) {
  const bool bare = !text.empty() && text.back() >= '0' && text.back() <= '9';
  const auto duration = parse_duration(text);
  if (bare || !duration) {
    return filter_error(text, std::string(key.name) + " is a time with its unit: 50ms, 200us, 1.5s, 2m, 1h or 3d");
  }
  return static_cast<std::uint64_t>(duration->count());
}

}  // namespace

std::span<const FilterKey> filter_keys() {
  static const std::vector<FilterKey> table = build_table();
  return table;
}

const FilterKey* find_filter_key(std::string_view name) {
  const auto keys = filter_keys();
  const auto found = std::ranges::find(keys, name, &FilterKey::name);
  return found == keys.end() ? nullptr : &*found;
}

const FilterKey& name_key(NameSource source) {
  if (source == NameSource::cgroup) return kCgroupPattern;
  const auto keys = filter_keys();
  return *std::ranges::find_if(keys,
                               [&](const FilterKey& key) { return key.kind == KeyKind::name && key.named == source; });
}

std::string near_key_hint(std::string_view word) {
  constexpr std::size_t kLongest = 32;
  if (word.empty() || word.size() > kLongest) return {};
  std::size_t least = word.size() < 4 ? 2 : 3;  // beyond that it is another word
  std::string_view nearest;
  for (const FilterKey& key : filter_keys()) {
    const std::size_t lengths_differ = std::max(word.size(), key.name.size()) - std::min(word.size(), key.name.size());
    if (lengths_differ >= least) continue;
    const std::size_t far = distance(word, key.name);
    if (far < least) std::tie(least, nearest) = std::pair(far, key.name);
  }
  return nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
}

Result<std::uint64_t> parse_amount(const FilterKey& key, std::string_view text) {
  switch (key.quantity) {
    case Quantity::count: return parse_count(key, text);
    case Quantity::duration: return parse_time(key, text);
    case Quantity::bytes:
      if (const auto bytes = parse_byte_count(text)) return *bytes;
      return filter_error(text, std::string(key.name) + " is a size: 4096, 64k, 10MB or 1GiB");
    case Quantity::rate:
      if (const auto rate = parse_byte_rate(text)) return *rate;
      return filter_error(text, std::string(key.name) + " is a rate: 1MB/s, 64k or 10mbit");
  }
  std::unreachable();
}

std::string format_amount(Quantity quantity, std::uint64_t value) {
  if (quantity != Quantity::duration) return std::to_string(value);
  struct Unit {
    std::string_view name;
    std::uint64_t nanoseconds;
  };
  static constexpr std::array kUnits{Unit{"h", 3600 * 1'000'000'000ULL},    Unit{"m", 60 * 1'000'000'000ULL},
                                     Unit{"s", 1'000'000'000ULL},           Unit{"ms", kNanosecondsInMillisecond},
                                     Unit{"us", kNanosecondsInMicrosecond}, Unit{"ns", 1}};
  const auto* unit = std::ranges::find_if(
      kUnits, [&](const Unit& u) { return u.nanoseconds == 1 || (value != 0 && value % u.nanoseconds == 0); });
  return std::to_string(value / unit->nanoseconds) + std::string(unit->name);
}

std::uint64_t to_smallest_unit(const TcpInfoField& field, std::uint64_t value) {
  switch (field.unit) {
    case TcpInfoUnit::microseconds: return multiplied(value, kNanosecondsInMicrosecond);
    case TcpInfoUnit::milliseconds: return multiplied(value, kNanosecondsInMillisecond);
    default: return value;
  }
}

}  // namespace tcp::sockets
