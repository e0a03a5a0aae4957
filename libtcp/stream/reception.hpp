// SPDX-License-Identifier: MIT
// Clients on their way to their first byte of payload: each shakes hands.
#pragma once

#include "libtcp/stream/established.hpp"
#include "libtcp/stream/tls_handshake.hpp"
#include "libtcp/stream/vestibule.hpp"

namespace tcp::stream {

struct TlsArrival {
  TlsChannel tls;
  Visit visit;
  [[nodiscard]] int socket() { return tls.channel->socket(); }
};

// A guest without a channel is nobody. One whose handshake fails is reported, and that is all.
class Reception final : public Vestibule<Visitor, TlsArrival, Established> {
 public:
  // What is handed in by reference must outlive it.
  Reception(const Executor& executor, Accept accept, const TlsContext& tls, Duration patience,
            SessionObserver& observer, const Clock& clock);

  // One whose code is wrong ends it, with the error: there is no guessing.
  void end_at_wrong_code() noexcept { ends_at_wrong_code_ = true; }

 private:
  std::optional<TlsArrival> admit(Visitor visitor) override;
  Awaitable<void> greet(Arrivals::iterator arrival) override;
  void welcome_guest(TlsArrival arrival, TlsSession session);
  void turn_away(const TlsChannel& tls, Error error);

  const TlsContext& tls_;
  Duration patience_;
  SessionObserver& observer_;
  bool ends_at_wrong_code_ = false;
};

}  // namespace tcp::stream
