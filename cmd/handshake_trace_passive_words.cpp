// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_passive_words.hpp"

#include <fmt/format.h>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd::passive {
namespace {

const Record& part(const Record& summary, std::string_view name) { return *summary[name].record(); }

void add(std::vector<std::string>& parts, const Record& record, std::string_view key, std::string_view words) {
  if (const std::uint64_t many = count(record[key]); many != 0) parts.push_back(fmt::format("{} {}", many, words));
}

}  // namespace

std::string for_people(std::string word) {
  for (char& c : word) {
    if (c == '_') c = '-';
  }
  return word;
}

double number(const Value& value) {
  if (const auto* real = std::get_if<double>(&value.data)) return *real;
  if (const auto* whole = std::get_if<std::uint64_t>(&value.data)) return static_cast<double>(*whole);
  return 0;
}

std::uint64_t count(const Value& value) {
  const auto* whole = std::get_if<std::uint64_t>(&value.data);
  return whole == nullptr ? 0 : *whole;
}

std::string duration(const Value& microseconds) {
  if (microseconds.is_null()) return "-";
  return format_duration(Duration(static_cast<std::int64_t>(number(microseconds) * 1e3)));
}

std::string plural(std::uint64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  return text;
}

std::string left_out_words(const Record& summary) {
  const std::uint64_t ambiguous = count(summary["ambiguous_round_trips"]);
  if (ambiguous == 0) return {};
  return "left out: " + plural(ambiguous, "round trip", "round trips") +
         " of repeated SYNs, because it is not known which was answered";
}

std::string ends_words(const Record& summary) {
  const Record& connections = part(summary, "connections");
  std::vector<std::string> parts;
  add(parts, connections, "closed", "closed by FIN both ways");
  add(parts, connections, "reset_by_client", "reset by the client");
  add(parts, connections, "reset_by_server", "reset by the server");
  add(parts, connections, "not_closed", "still open");
  return parts.empty() ? std::string() : "established ones ended: " + join(parts);
}

std::string repeats_words(const Record& summary) {
  const Record& segments = part(summary, "segments");
  std::vector<std::string> parts;
  add(parts, segments, "syn_retransmissions", "SYN");
  add(parts, segments, "syn_ack_retransmissions", "SYN-ACK");
  add(parts, segments, "data_retransmissions", "data");
  return parts.empty() ? std::string() : "sent again: " + join(parts);
}

std::vector<std::string> reservations(const Record& summary) {
  const Record& frames = part(summary, "frames");
  const Record& connections = part(summary, "connections");
  std::vector<std::string> parts;
  add(parts, frames, "dropped_by_kernel", "packets dropped by the kernel: not all was seen");
  add(parts, frames, "dropped_by_interface", "packets dropped by the interface");
  add(parts, part(summary, "segments"), "copies", "copies of packets seen twice, counted once");
  add(parts, frames, "tunnelled", "segments in tunnels");
  add(parts, frames, "filtered_out", "frames that the filter left out");
  add(parts, frames, "fragments", "fragments without a TCP header");
  add(parts, frames, "cut", "frames cut off within the headers");
  add(parts, frames, "malformed", "malformed packets");
  add(parts, frames, "unknown_link_type", "frames of a link type that is not decoded");
  add(parts, connections, "evicted_half_open", "half-open handshakes let go: the table was full");
  add(parts, connections, "evicted_established", "established connections let go: the table was full");
  add(parts, connections, "evicted_partial", "connections without a beginning let go: the table was full");
  add(parts, summary, "peers_forgotten", "rare servers and clients forgotten");
  return parts;
}

}  // namespace tcp::cmd::passive
