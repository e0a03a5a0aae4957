// SPDX-License-Identifier: MIT
// What an engine of stream/ tells its observer: values, no text. None of it needs Asio.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/address.hpp"
#include "libtcp/stream/tcp_statistics.hpp"

namespace tcp::stream {

// One address of a name did not answer as hoped; others may follow.
struct AttemptFailed {
  Endpoint remote;
  Error error;
};

struct Connected {
  std::uint64_t id = 0;  // counts from 1 within a run
  AddressPair addresses;
  // Only for a connection that we opened, and for a name.
  std::optional<Duration> resolve_time;
  std::optional<Duration> connect_time;  // the winner's, from its SYN on
};

enum class CloseReason : std::uint8_t {
  finished,           // both directions ended as they should
  idle,               // no byte either way for the idle timeout
  interrupted,        // a signal
  connection_failed,  // reset, timed out, or closed by the peer while we still had bytes for it
  input_failed,       // reading the local end
  output_failed,      // writing the local end
};

[[nodiscard]] std::string_view to_string(CloseReason reason);

// Payload, as it passed the local end.
struct Traffic {
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
};

struct Closed {
  std::uint64_t id = 0;
  AddressPair addresses;
  CloseReason reason = CloseReason::finished;
  std::optional<Error> error;  // present unless finished or interrupted
  Traffic traffic;
  Duration duration{};
  std::optional<TcpStatistics> statistics;
};

enum class RejectReason : std::uint8_t {
  denied,              // the access list
  full,                // as many as there may be are being served
  too_many_from_host,  // likewise, from its address
};

[[nodiscard]] std::string_view to_string(RejectReason reason);

// Somebody came and was reset at once: no connection, no id.
struct Rejected {
  Address remote;
  RejectReason reason = RejectReason::denied;
};

class SessionObserver {
 public:
  virtual ~SessionObserver() = default;
  // Once, after listen(2), with the real ports.
  virtual void on_listening(std::span<const Address> locals) { (void)locals; }
  virtual void on_attempt_failed(const AttemptFailed& event) { (void)event; }
  virtual void on_connected(const Connected& event) { (void)event; }
  virtual void on_closed(const Closed& event) { (void)event; }
  virtual void on_rejected(const Rejected& event) { (void)event; }
  // Something that the run survives: no descriptor left for another client.
  virtual void on_warning(const Error& error) { (void)error; }
};

}  // namespace tcp::stream
