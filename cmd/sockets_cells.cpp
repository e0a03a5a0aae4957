// SPDX-License-Identifier: MIT
#include "cmd/sockets_cells.hpp"

#include <algorithm>
#include <charconv>

#include "libtcp/base/parse.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

bool is_plain(char c) { return c >= 0x20 && c < 0x7f; }

void append_v4(std::string& out, std::span<const std::uint8_t> bytes) {
  char text[16];
  char* end = text;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *end++ = '.';
    end = std::to_chars(end, std::end(text), static_cast<unsigned>(bytes[i])).ptr;
  }
  out.append(text, end);
}

}  // namespace

std::string_view key_suffix(Unit unit) {
  switch (unit) {
    case Unit::segments: return "_segments";
    case Unit::packet_bytes:
    case Unit::bytes: return "_bytes";
    case Unit::bytes_per_second: return "_bytes_per_second";
    case Unit::microseconds: return "_us";
    case Unit::milliseconds: return "_ms";
    default: return {};
  }
}

std::string_view key_suffix(std::string_view name, Unit unit) {
  const bool said = ((unit == Unit::bytes || unit == Unit::packet_bytes) && name.find("bytes") != name.npos) ||
                    (unit == Unit::segments && name.find("segs") != name.npos);
  return said ? std::string_view() : key_suffix(unit);
}

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  out.append(digits, std::to_chars(digits, std::end(digits), number).ptr);
}

void append_human(std::string& out, std::uint64_t number, Unit unit) {
  constexpr std::uint64_t kMostMicroseconds = 1ULL << 53;  // nanoseconds fit in 63 bits
  number = unit == Unit::microseconds || unit == Unit::milliseconds ? std::min(number, kMostMicroseconds) : number;
  const auto duration = [&](std::int64_t scale) { return Duration(static_cast<std::int64_t>(number) * scale); };
  switch (unit) {
    case Unit::queue:
    case Unit::bytes: out += number == 0 ? "0" : format_byte_count(number); return;
    case Unit::bytes_per_second: out += number == 0 ? "0" : format_byte_count(number) + "/s"; return;
    case Unit::microseconds: out += number == 0 ? "0" : format_duration(duration(1000)); return;
    case Unit::milliseconds:
      number = std::min(number, kMostMicroseconds / 1000);
      out += number == 0 ? "0" : format_duration(duration(1000000));
      return;
    default: append_number(out, number);
  }
}

void append_safe(std::string& out, std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) {
    out += text;
  } else {
    out += sanitize(text);
  }
}

void append_address(std::string& out, const IpAddress& address) {
  if (address.is_v4()) {
    append_v4(out, address.bytes());
  } else {
    out += to_string(address.without_scope());
  }
}

void append_endpoint(std::string& out, const Endpoint& endpoint, std::uint32_t interface_index, SocketNames& names) {
  const bool v6 = endpoint.address.is_v6();
  if (v6) out += '[';
  append_address(out, endpoint.address);
  if (interface_index != 0) {
    out += '%';
    append_safe(out, names.interface(interface_index));
  }
  out += v6 ? "]:" : ":";
  append_number(out, endpoint.port);
}

void append_holders(std::string& out, const sockets::SocketRow& row) {
  if (row.holders.empty()) {
    out += '-';
    return;
  }
  const sockets::Process* first = row.holders.front().process;
  append_safe(out, first->name);
  out += '[';
  append_number(out, static_cast<std::uint64_t>(first->pid));
  out += ']';
  std::uint64_t others = 0;
  const sockets::Process* last = first;
  for (const sockets::Holder& holder : row.holders) {
    if (holder.process != last) ++others;
    last = holder.process;
  }
  if (others == 0) return;
  out += " +";
  append_number(out, others);
}

std::string_view to_string(sockets::TimerKind kind) {
  switch (kind) {
    case sockets::TimerKind::none: return "none";
    case sockets::TimerKind::retransmission: return "retransmission";
    case sockets::TimerKind::keepalive: return "keepalive";
    case sockets::TimerKind::time_wait: return "time_wait";
    case sockets::TimerKind::zero_window_probe: return "zero_window_probe";
  }
  return "unknown";
}

std::optional<AcceptQueue> accept_queue_of(const sockets::SocketInfo& socket) {
  if (socket.state != TcpState::listen) return std::nullopt;
  return AcceptQueue{socket.receive_queue, socket.send_queue};
}

}  // namespace tcp::cmd
