// SPDX-License-Identifier: MIT
// The keys of the filter language: what each is about and how its values are written.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/tcp_info.hpp"

namespace tcp::sockets {

enum class KeyKind : std::uint8_t {
  host,
  port,
  family,
  autobound,
  interface,
  mark,
  cgroup,
  state,
  exclude,
  user,    // a number, or a name that stands for one
  number,  // of NumberSource
  name,    // of NameSource
};

enum class NumberSource : std::uint8_t {
  tcp_info,
  age,
  idle,
  receive_queue,
  send_queue,
  accept_queue,  // of a listening socket, which has no other queues
  user_id,
  process_id,  // of any holder
  sent_rate,
  received_rate,
  rate,  // both added
};

enum class NameSource : std::uint8_t { process, unit, container, network_namespace, congestion, cgroup };

// The smallest unit of each: nanosecond, byte, byte a second.
enum class Quantity : std::uint8_t { count, duration, bytes, rate };

struct FilterKey {
  std::string_view name;
  KeyKind kind = KeyKind::number;
  bool remote = false;  // of host and port
  NumberSource number = NumberSource::tcp_info;
  NameSource named = NameSource::process;
  Quantity quantity = Quantity::count;
  const TcpInfoField* field = nullptr;  // of NumberSource::tcp_info
};

// Every key, aliases as rows of their own, then every field of struct tcp_info that has no namesake among them.
[[nodiscard]] std::span<const FilterKey> filter_keys();
// Null when there is none.
[[nodiscard]] const FilterKey* find_filter_key(std::string_view name);
// The row of a source that is written first in the table.
[[nodiscard]] const FilterKey& name_key(NameSource source);
// "; did you mean 'rtt'?", or nothing when no key is near.
[[nodiscard]] std::string near_key_hint(std::string_view word);

// "50ms", "1GB", "10MB/s", "80Mbit", "12", "0x10". Errors: the unit is missing or not of this quantity.
[[nodiscard]] Result<std::uint64_t> parse_amount(const FilterKey& key, std::string_view text);
// The inverse: "50ms", "1000000000".
[[nodiscard]] std::string format_amount(Quantity quantity, std::uint64_t value);
// A kernel value in the smallest unit of its quantity.
[[nodiscard]] std::uint64_t to_smallest_unit(const TcpInfoField& field, std::uint64_t value);

}  // namespace tcp::sockets
