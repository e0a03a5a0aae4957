// SPDX-License-Identifier: MIT
#include "cmd/stream_records.hpp"

#include <fmt/format.h>

#include <cstring>

#include "cmd/tls_records.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/stream/target.hpp"

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

// Null for a client that came by itself.
void add_proxy(Record& record, const std::optional<stream::Address>& via) {
  if (via) {
    add_address(record, "proxy", *via);
  } else {
    record.add("proxy_address", nullptr).add("proxy_port", nullptr);
  }
}

// After the name of a client: who brought it.
std::string through(const std::optional<stream::Address>& via) { return via ? " through " + to_string(*via) : ""; }

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

std::string_view state_of(const stream::PortChecked& event) {
  if (!event.error) return "open";
  if (event.error->is(std::errc::connection_refused)) return "refused";
  const bool timed_out = event.error->is(std::errc::timed_out) || event.error->is(Errc::timed_out);
  return timed_out ? "timed out" : "failed";
}

Value to_value(const std::optional<int>& number) { return number ? Value(*number) : Value(nullptr); }

Value to_value(const std::optional<stream::ChildExit>& exit) {
  if (!exit) return nullptr;
  Record record;
  record.add("exit_code", to_value(exit->code)).add("signal", to_value(exit->signal));
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

Record to_record(const stream::RetryPlanned& event) {
  Record record("retry");
  return record.add("failed_tries", event.failed_tries)
      .add("delay_us", microseconds(event.delay))
      .add("error", event.error.message());
}

Record to_record(const stream::PortChecked& event) {
  Record record("port");
  return record.add("host", event.host)
      .add("port", event.port)
      .add("state", state_of(event))
      .add("error", message(event.error));
}

Record to_record(const stream::CertificateMade& event) {
  Record record("certificate_made");
  record.add("pin", event.pin).add("not_after", to_rfc3339(event.not_after));
  return record;
}

Record to_record(const stream::HandshakeFailed& event) {
  Record record("handshake_failed");
  add_addresses(record, event.addresses);
  add_proxy(record, event.addresses.via);
  record.add("error", event.error.message());
  return record;
}

Record to_record(const stream::Connected& event) {
  Record record("connected");
  record.add("id", event.id);
  add_addresses(record, event.addresses);
  const bool is_a_client = !event.connect_time;
  if (is_a_client) add_proxy(record, event.addresses.via);
  record.add("resolve_us", microseconds(event.resolve_time)).add("connect_us", microseconds(event.connect_time));
  record.add("tls", event.tls ? Value(to_record(*event.tls)) : Value(nullptr));
  return record.add("proxies", List(event.proxies.begin(), event.proxies.end()));
}

Record to_record(const stream::Forwarded& event) {
  Record record("forwarded");
  record.add("id", event.id);
  add_addresses(record, event.addresses);
  record.add("resolve_us", microseconds(event.resolve_time)).add("connect_us", microseconds(event.connect_time));
  return record.add("tls", event.tls ? Value(to_record(*event.tls)) : Value(nullptr));
}

Record to_record(const stream::Served& event) {
  Record record("served");
  return record.add("id", event.id).add("path", event.path).add("file_bytes", event.bytes);
}

Record to_record(const stream::HttpAnswered& event) {
  Record record("http_request");
  const auto word = [](std::string_view text) { return text.empty() ? Value(nullptr) : Value(text); };
  return record.add("id", event.id)
      .add("method", word(event.method))
      .add("target", word(event.target))
      .add("status", event.status)
      .add("body_bytes", event.body_bytes);
}

Record to_record(const stream::ProxyRequested& event) {
  const auto known = [](const std::string& text) { return text.empty() ? Value(nullptr) : Value(text); };
  Record record("proxy_request");
  return record.add("id", event.id)
      .add("protocol", known(event.protocol))
      .add("method", known(event.method))
      .add("host", known(event.host))
      .add("port", event.host.empty() ? Value(nullptr) : Value(event.port))
      .add("user", event.user ? Value(*event.user) : Value(nullptr))
      .add("code", event.code)
      .add("error", event.error ? Value(*event.error) : Value(nullptr));
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
      .add("tcp", to_value(event.statistics))
      .add("child", to_value(event.child));
}

Record to_record(const stream::ChildLine& event) {
  Record record("child_stderr");
  record.add("id", event.id).add("pid", event.pid).add("text", event.text);
  return record;
}

Record to_record(const stream::Rejected& event) {
  Record record("rejected");
  add_address(record, "remote", event.remote);
  add_proxy(record, event.via);
  return record.add("reason", to_string(event.reason));
}

Record to_warning_record(const Error& error) {
  Record record("warning");
  record.add("message", error.message());
  return record;
}

std::string describe(const stream::RetryPlanned& event) {
  return fmt::format("try {} failed, the next one in {}: {}", event.failed_tries, format_duration(event.delay),
                     event.error.message());
}

std::string describe(const stream::PortChecked& event) {
  const std::string_view state = state_of(event);
  const std::string target = to_string(stream::HostTarget{event.host, event.port});
  if (state != "failed") return fmt::format("{} {}", target, state);
  return fmt::format("{} failed: {}", target, event.error->code.message());
}

std::string describe(const stream::CertificateMade& event) {
  return "certificate made for this run: connect with --tls --tls-pin " + event.pin;
}

std::string describe(const stream::Connected& event) {
  const bool ours = event.connect_time.has_value();
  std::string text = fmt::format("connected {} {} {}", to_string(event.addresses.local), ours ? "->" : "<-",
                                 to_string(event.addresses.remote));
  text += through(event.addresses.via);
  if (ours) text += fmt::format(" in {}", format_duration(*event.connect_time));
  if (event.resolve_time) text += fmt::format(" (name: {})", format_duration(*event.resolve_time));
  for (const std::string& proxy : event.proxies) text += ", through " + proxy;
  return text;
}

std::string describe(const stream::Forwarded& event) {
  return fmt::format("connection {} goes to {} in {}", event.id, to_string(event.addresses.remote),
                     format_duration(event.connect_time.value_or(Duration())));
}

std::string describe(const stream::Served& event) {
  return fmt::format("connection {} gets {}, {}", event.id, event.path, format_byte_count(event.bytes));
}

std::string describe(const stream::HttpAnswered& event) {
  const std::string what = event.method.empty() ? "no request" : fmt::format("{} {}", event.method, event.target);
  return fmt::format("connection {}: {}: {}, {}", event.id, what, event.status, format_byte_count(event.body_bytes));
}

std::string describe(const stream::ProxyRequested& event) {
  std::string text = fmt::format("connection {}", event.id);
  if (event.user) text += fmt::format(" ({})", *event.user);
  if (!event.method.empty()) text += fmt::format(" asks for {}", event.method);
  if (!event.host.empty()) text += fmt::format(" {}", to_string(stream::HostTarget{event.host, event.port}));
  if (!event.protocol.empty()) text += fmt::format(" by {}", event.protocol);
  text += fmt::format(": {}", event.code);
  return event.error ? fmt::format("{}, refused: {}", text, *event.error) : text;
}

std::string describe(const stream::Closed& event) {
  return fmt::format("closed {}: sent {}, received {} in {} ({})", to_string(event.addresses.remote),
                     format_byte_count(event.traffic.sent_bytes), format_byte_count(event.traffic.received_bytes),
                     format_duration(event.duration), to_string(event.reason));
}

std::string describe(const stream::ChildExit& exit) {
  if (exit.code) return fmt::format("the child exited with status {}", *exit.code);
  const int number = exit.signal.value_or(0);
  const char* name = ::sigabbrev_np(number);
  return name != nullptr ? fmt::format("the child was killed by SIG{}", name)
                         : fmt::format("the child was killed by signal {}", number);
}

// As syslog names who speaks; of a path its last part.
std::string describe(const stream::ChildLine& event) {
  const std::string name = event.program.substr(event.program.rfind('/') + 1);
  return fmt::format("{}[{}]: {}", name, event.pid, event.text);
}

std::string describe(const stream::Rejected& event) {
  const std::string who = to_string(event.remote) + through(event.via);
  switch (event.reason) {
    case stream::RejectReason::denied: return fmt::format("rejected {}: denied", who);
    case stream::RejectReason::full: return fmt::format("rejected {}: full", who);
    case stream::RejectReason::too_many_from_host: return fmt::format("rejected {}: too many from its address", who);
    case stream::RejectReason::untrusted: return fmt::format("rejected {}: not trusted as a proxy", who);
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
