// SPDX-License-Identifier: MIT
// What an engine of stream/ tells its observer: values, no text. None of it needs Asio.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/address.hpp"
#include "libtcp/stream/tcp_statistics.hpp"
#include "libtcp/stream/tls_session.hpp"
#include "libtcp/stream/transfer_events.hpp"

namespace tcp::stream {

// One address of a name did not answer as hoped; others may follow.
struct AttemptFailed {
  Address remote;
  Error error;
};

// All of a try failed, and there will be another.
struct RetryPlanned {
  std::uint64_t failed_tries = 0;
  Duration delay{};
  Error error;
};

// What became of one of several ports.
struct PortChecked {
  std::string host;  // as it was named
  std::uint16_t port = 0;
  std::optional<Address> remote;  // that it is open at
  std::optional<Error> error;     // that it is not
};

struct Connected {
  std::uint64_t id = 0;  // counts from 1 within a run
  AddressPair addresses;
  // Only for a connection that we opened, and for a name.
  std::optional<Duration> resolve_time;
  std::optional<Duration> connect_time;  // the winner's, from its SYN on
  std::optional<TlsSession> tls;         // absent without TLS
  std::vector<std::string> proxies;      // URLs, in order; the addresses are those of the connection with the first
};

// A client came and did not get as far as its first byte of payload.
struct HandshakeFailed {
  AddressPair addresses;
  Error error;
};

// Made for this run, since no certificate was given.
struct CertificateMade {
  std::string pin;  // "sha256:…", as a client is told it
  WallTime not_after;
};

// A client's bytes go to a target, over this connection.
struct Forwarded {
  std::uint64_t id = 0;  // of the client's conversation
  AddressPair addresses;
  std::optional<Duration> resolve_time;
  std::optional<Duration> connect_time;
  std::optional<TlsSession> tls;  // with the target; absent without TLS
};

// A client is about to get the bytes of a file.
struct Served {
  std::uint64_t id = 0;     // of the client's conversation
  std::string path;         // as it was named
  std::uint64_t bytes = 0;  // how long the file is then
};

// A request of HTTP has had its answer, or as much of it as there was to have.
struct HttpAnswered {
  std::uint64_t id = 0;     // of the client's conversation
  std::string_view method;  // empty: the request was no HTTP, or did not end
  std::string_view target;  // as it came; printable ASCII
  unsigned status = 0;
  std::uint64_t body_bytes = 0;  // that the connection took
};

enum class CloseReason : std::uint8_t {
  finished,            // both directions ended as they should
  idle,                // no byte either way for the idle timeout
  interrupted,         // a signal
  connection_failed,   // reset, timed out, or closed by the peer while we still had bytes for it
  input_failed,        // reading the local end
  output_failed,       // writing the local end
  target_failed,       // no target to forward to could be reached
  program_failed,      // the program that it was to be joined with could not be run
  incomplete,          // the peer ended before it had given what was wanted
  expectation_failed,  // a step of a script waited in vain
  transfer_failed,     // some of the files did not get there, or none
  reset_on_purpose,    // by us, as we were asked to
  refused,             // a client of a proxy asked for what it does not get
};

[[nodiscard]] std::string_view to_string(CloseReason reason);

// Payload: as the connection took it, and as the local end did.
struct Traffic {
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
};

// How a child process ended: one of the two.
struct ChildExit {
  std::optional<int> code;
  std::optional<int> signal;
};

// A line of what a child process wrote to its standard error, without its end.
struct ChildLine {
  std::uint64_t id = 0;  // of the connection that it serves
  std::string program;   // as it was named
  int pid = 0;
  std::string text;
};

struct Closed {
  std::uint64_t id = 0;
  AddressPair addresses;
  CloseReason reason = CloseReason::finished;
  std::optional<Error> error;  // present unless finished or interrupted
  Traffic traffic;
  Duration duration{};
  std::optional<TcpStatistics> statistics;
  std::optional<ChildExit> child;  // absent when there was none
};

// A client of a proxy server asked for something, and was told `code`.
struct ProxyRequested {
  std::uint64_t id = 0;  // of the client's conversation
  std::string protocol;  // "http", "socks4", "socks4a", "socks5"; empty: it never got that far
  std::string method;    // "CONNECT", "BIND", "GET"; likewise
  std::string host;      // likewise
  std::uint16_t port = 0;
  std::optional<std::string> user;   // who it says it is
  unsigned code = 0;                 // an HTTP status, or a reply code of SOCKS
  std::optional<std::string> error;  // why it is refused
};

// At intervals, where that was asked for.
struct Progress {
  std::uint64_t id = 0;
  Traffic traffic;
};

enum class RejectReason : std::uint8_t {
  denied,              // the access list
  full,                // as many as there may be are being served
  too_many_from_host,  // likewise, from its address
  untrusted,           // a header is wanted that says whose connection it is, and its word does not count
};

[[nodiscard]] std::string_view to_string(RejectReason reason);

// Somebody came and was reset at once: no connection, no id.
struct Rejected {
  Address remote;
  RejectReason reason = RejectReason::denied;
  std::optional<Address> via = {};  // the proxy that it came through
};

class SessionObserver {
 public:
  virtual ~SessionObserver() = default;
  // Closed::statistics are of use: reading them takes its time.
  [[nodiscard]] virtual bool wants_statistics() const { return true; }
  // Once, after listen(2), with the real ports.
  virtual void on_listening(std::span<const Address> locals) { (void)locals; }
  virtual void on_attempt_failed(const AttemptFailed& event) { (void)event; }
  virtual void on_retry(const RetryPlanned& event) { (void)event; }
  virtual void on_port_checked(const PortChecked& event) { (void)event; }
  // Before on_listening().
  virtual void on_certificate_made(const CertificateMade& event) { (void)event; }
  virtual void on_handshake_failed(const HandshakeFailed& event) { (void)event; }
  virtual void on_connected(const Connected& event) { (void)event; }
  virtual void on_forwarded(const Forwarded& event) { (void)event; }
  virtual void on_proxy_request(const ProxyRequested& event) { (void)event; }
  virtual void on_served(const Served& event) { (void)event; }
  virtual void on_http_answered(const HttpAnswered& event) { (void)event; }
  virtual void on_progress(const Progress& event) { (void)event; }
  virtual void on_closed(const Closed& event) { (void)event; }
  virtual void on_child_line(const ChildLine& event) { (void)event; }
  virtual void on_rejected(const Rejected& event) { (void)event; }
  virtual void on_transfer_planned(const TransferPlanned& event) { (void)event; }
  virtual void on_transferred(const Transferred& event) { (void)event; }
  // Before on_closed().
  virtual void on_transfer_over(const TransferTotals& event) { (void)event; }
  // Something that the run survives: no descriptor left for another client.
  virtual void on_warning(const Error& error) { (void)error; }
};

}  // namespace tcp::stream
