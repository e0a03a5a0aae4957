// SPDX-License-Identifier: MIT
#include "libtcp/stream/reception.hpp"

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/tls_error.hpp"

namespace tcp::stream {

Reception::Reception(const Executor& executor, Accept accept, const TlsContext& tls, Duration patience,
                     SessionObserver& observer, const Clock& clock)
    : Vestibule(executor, std::move(accept), clock), tls_(tls), patience_(patience), observer_(observer) {}

std::optional<TlsArrival> Reception::admit(Visitor visitor) {
  auto below = make_accepted_transport(visitor.socket.get());
  auto tls =
      make_tls_channel(executor(), std::move(visitor.socket), tls_, std::move(below), std::move(visitor.addresses));
  if (tls) return TlsArrival{std::move(*tls), std::move(visitor.visit)};
  observer_.on_warning(tls.error());
  return std::nullopt;
}

Awaitable<void> Reception::greet(Arrivals::iterator arrival) {
  const MonotonicTime deadline = deadline_after(clock().now(), patience_);
  auto session = co_await shake_hands(executor(), arrival->tls, deadline, clock());
  TlsArrival guest = see_off(arrival);
  if (is_closed()) co_return;
  if (session) {
    welcome_guest(std::move(guest), std::move(*session));
  } else {
    turn_away(guest.tls, std::move(session).error());
  }
}

void Reception::welcome_guest(TlsArrival arrival, TlsSession session) {
  Established guest;
  guest.channel = std::move(arrival.tls.channel);
  guest.connected.tls = std::move(session);
  guest.visit = std::move(arrival.visit);
  let_in(std::move(guest));
}

void Reception::turn_away(const TlsChannel& tls, Error error) {
  if (ends_at_wrong_code_ && error.code == TlsErrc::wrong_code) {
    fail(std::move(error));
    return;
  }
  HandshakeFailed event;
  event.addresses = tls.channel->addresses();
  event.error = std::move(error);
  observer_.on_handshake_failed(event);
}

}  // namespace tcp::stream
