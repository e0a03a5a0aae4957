// SPDX-License-Identifier: MIT
// One crafted handshake under way: its state machine, and the record of what passed. Whoever drives it owns the
// network.
#pragma once

#include "libtcp/trace/active.hpp"
#include "libtcp/trace/network.hpp"
#include "libtcp/trace/recorder.hpp"

namespace tcp::trace {

class ActiveSession {
 public:
  // Nothing is sent before send_all().
  ActiveSession(const ActiveOptions& options, const Clock& clock);
  ActiveSession(const ActiveSession&) = delete;
  ActiveSession& operator=(const ActiveSession&) = delete;

  void take(const Observation& seen);
  void on_deadline() { machine_.on_deadline(clock_.now()); }
  void stop() { machine_.abort(Outcome::interrupted, clock_.now()); }
  // The network failed.
  void fail(Error error);
  void send_all(Network& network);

  [[nodiscard]] const FourTuple& tuple() const noexcept { return handshake_.tuple; }
  [[nodiscard]] MonotonicTime deadline() const noexcept { return machine_.deadline(); }
  [[nodiscard]] bool finished() const noexcept { return machine_.finished(); }
  // It is known how it came out; what follows is the end of the connection.
  [[nodiscard]] bool decided() const noexcept { return machine_.decided(); }

  // How it stands.
  [[nodiscard]] Handshake snapshot() const;
  // Once, when it is finished.
  [[nodiscard]] Handshake settle();

 private:
  void note_state(Handshake& handshake) const;

  const Clock& clock_;
  ActiveHandshake machine_;
  Handshake handshake_;
  Recorder recorder_;
};

}  // namespace tcp::trace
