// SPDX-License-Identifier: MIT
#include "cmd/stream_records.hpp"

#include <fmt/format.h>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

Value microseconds(Duration duration) { return static_cast<double>(duration.count()) / 1000.0; }

Value microseconds(const std::optional<Duration>& duration) {
  return duration ? microseconds(*duration) : Value(nullptr);
}

Value message(const std::optional<Error>& error) { return error ? Value(error->message()) : Value(nullptr); }

// A Unix-domain socket has a name and no port.
void add_address(Record& record, const std::string& side, const stream::Address& address) {
  const auto* endpoint = std::get_if<Endpoint>(&address);
  record.add(side + "_address", endpoint != nullptr ? to_string(endpoint->address) : to_string(address))
      .add(side + "_port", endpoint != nullptr ? Value(endpoint->port) : Value(nullptr));
}

void add_addresses(Record& record, const stream::AddressPair& addresses) {
  add_address(record, "local", addresses.local);
  add_address(record, "remote", addresses.remote);
}

Value to_value(const std::optional<stream::TcpStatistics>& statistics) {
  if (!statistics) return nullptr;
  Record record;
  record.add("state", to_string(statistics->state))
      .add("rtt_us", microseconds(statistics->rtt))
      .add("rtt_variance_us", microseconds(statistics->rtt_variance))
      .add("min_rtt_us", microseconds(statistics->min_rtt))
      .add("retransmits", statistics->retransmits)
      .add("acknowledged_bytes", statistics->acknowledged_bytes)
      .add("delivery_rate_bytes_per_s", statistics->delivery_rate_bytes_per_s)
      .add("send_mss_bytes", statistics->send_mss_bytes)
      .add("congestion_control", statistics->congestion_control);
  return record;
}

}  // namespace

Record to_record(const stream::Address& listening) {
  Record record("listening");
  add_address(record, "local", listening);
  return record;
}

Record to_record(const stream::AttemptFailed& event) {
  Record record("attempt_failed");
  add_address(record, "remote", event.remote);
  record.add("error", event.error.message());
  return record;
}

Record to_record(const stream::Connected& event) {
  Record record("connected");
  record.add("id", event.id);
  add_addresses(record, event.addresses);
  record.add("resolve_us", microseconds(event.resolve_time)).add("connect_us", microseconds(event.connect_time));
  return record;
}

Record to_record(const stream::Closed& event) {
  Record record("closed");
  record.add("id", event.id);
  add_addresses(record, event.addresses);
  return record.add("reason", to_string(event.reason))
      .add("error", message(event.error))
      .add("sent_bytes", event.traffic.sent_bytes)
      .add("received_bytes", event.traffic.received_bytes)
      .add("duration_us", microseconds(event.duration))
      .add("tcp", to_value(event.statistics));
}

Record to_record(const stream::Rejected& event) {
  Record record("rejected");
  add_address(record, "remote", event.remote);
  return record.add("reason", to_string(event.reason));
}

Record to_warning_record(const Error& error) {
  Record record("warning");
  record.add("message", error.message());
  return record;
}

std::string describe(const stream::Connected& event) {
  const bool ours = event.connect_time.has_value();
  std::string text = fmt::format("connected {} {} {}", to_string(event.addresses.local), ours ? "->" : "<-",
                                 to_string(event.addresses.remote));
  if (ours) text += fmt::format(" in {}", format_duration(*event.connect_time));
  if (event.resolve_time) text += fmt::format(" (name: {})", format_duration(*event.resolve_time));
  return text;
}

std::string describe(const stream::Closed& event) {
  return fmt::format("closed {}: sent {}, received {} in {} ({})", to_string(event.addresses.remote),
                     format_byte_count(event.traffic.sent_bytes), format_byte_count(event.traffic.received_bytes),
                     format_duration(event.duration), to_string(event.reason));
}

std::string describe(const stream::Rejected& event) {
  const std::string who = to_string(event.remote);
  switch (event.reason) {
    case stream::RejectReason::denied: return fmt::format("rejected {}: denied", who);
    case stream::RejectReason::full: return fmt::format("rejected {}: full", who);
    case stream::RejectReason::too_many_from_host: return fmt::format("rejected {}: too many from its address", who);
  }
  return who;
}

std::string describe(const stream::TcpStatistics& statistics) {
  return fmt::format("RTT {} (least {}), retransmits {}, delivery rate {}/s, MSS {}, {}",
                     format_duration(statistics.rtt), format_duration(statistics.min_rtt), statistics.retransmits,
                     format_byte_count(statistics.delivery_rate_bytes_per_s), statistics.send_mss_bytes,
                     statistics.congestion_control);
}

}  // namespace tcp::cmd
