// SPDX-License-Identifier: MIT
// The words of one socket as text: written to the end of a string, so that a row costs no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cmd/sockets_names.hpp"
#include "libtcp/sockets/socket_row.hpp"

namespace tcp::cmd {

// queue: bytes, or connections when it is a listener's. packet_bytes: people know sizes of packets by heart.
enum class Unit : std::uint8_t {
  none,
  segments,
  queue,
  packet_bytes,
  bytes,
  bytes_per_second,
  microseconds,
  milliseconds,
  id
};

// What is behind a key for its unit: "_bytes"; empty for a plain number.
[[nodiscard]] std::string_view key_suffix(Unit unit);
// The same unless the name says it already: "bytes_sent", "segs_in".
[[nodiscard]] std::string_view key_suffix(std::string_view name, Unit unit);

void append_number(std::string& out, std::uint64_t number);
// "12.3 KiB", "45.0 ms", "1.2 MiB/s".
void append_human(std::string& out, std::uint64_t number, Unit unit);
// Control characters and the like written as \x1b.
void append_safe(std::string& out, std::string_view text);

// "192.0.2.1", "2001:db8::1"
void append_address(std::string& out, const IpAddress& address);
// "192.0.2.1:443", "[2001:db8::1]:443", "192.0.2.1%eth0:443" when bound to an interface.
void append_endpoint(std::string& out, const Endpoint& endpoint, std::uint32_t interface_index, SocketNames& names);
// "nginx[812]", "nginx[812] +2" when other processes hold it as well.
void append_holders(std::string& out, const sockets::SocketRow& row);
// "keepalive 45 s", "retransmission 210 ms (3)"
[[nodiscard]] std::string_view to_string(sockets::TimerKind kind);

// Connections that wait to be accepted, of so many that may.
struct AcceptQueue {
  std::uint32_t waiting = 0;
  std::uint32_t limit = 0;
  // The kernel refuses when there are more than the limit (sk_acceptq_is_full).
  [[nodiscard]] bool full() const noexcept { return waiting > limit; }
};
[[nodiscard]] std::optional<AcceptQueue> accept_queue_of(const sockets::SocketInfo& socket);

}  // namespace tcp::cmd
