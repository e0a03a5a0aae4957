// SPDX-License-Identifier: MIT
#include "libtcp/stream/reception.hpp"

#include <sys/socket.h>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/tls_error.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostPresent = 1024;  // the others wait in the kernel's queue

}  // namespace

Reception::Reception(const Executor& executor, Accept accept, const TlsContext& tls, Duration patience,
                     SessionObserver& observer, const Clock& clock)
    : executor_(executor),
      accept_(std::move(accept)),
      tls_(tls),
      patience_(patience),
      observer_(observer),
      clock_(clock),
      news_(executor),
      room_(executor) {}

Awaitable<Result<std::optional<Established>>> Reception::next(MonotonicTime deadline) {
  if (!std::exchange(open_, true)) asio::co_spawn(executor_, accept_all(), asio::detached);
  while (ready_.empty() && !failure_) {
    if (clock_.now() >= deadline) co_return std::optional<Established>();
    news_.expires_at(deadline);
    auto [ignored] = co_await news_.async_wait(kToken);
    (void)ignored;
  }
  if (ready_.empty()) co_return std::unexpected(*failure_);
  co_return take_ready();
}

std::optional<Established> Reception::take_ready() {
  std::optional<Established> guest(std::move(ready_.front()));
  ready_.pop_front();
  room_.cancel();
  return guest;
}

Awaitable<void> Reception::accept_all() {
  while (!closed_) {
    while (present() >= kMostPresent && !closed_) {
      room_.expires_at(Timer::time_point::max());
      auto [ignored] = co_await room_.async_wait(kToken);
      (void)ignored;
    }
    auto client = co_await accept_();
    if (closed_) co_return;
    if (!client) {
      failure_ = std::move(client).error();
      news_.cancel();
      co_return;
    }
    if (!client->socket) co_return;
    admit(std::move(*client));
  }
}

void Reception::admit(Visitor visitor) {
  auto below = make_accepted_transport(visitor.socket.get());
  auto tls =
      make_tls_channel(executor_, std::move(visitor.socket), tls_, std::move(below), std::move(visitor.addresses));
  if (!tls) return observer_.on_warning(tls.error());
  arriving_.push_back({std::move(*tls), std::move(visitor.visit)});
  asio::co_spawn(executor_, greet(std::prev(arriving_.end())), asio::detached);
}

Awaitable<void> Reception::greet(Arrivals::iterator arrival) {
  const MonotonicTime deadline = deadline_after(clock_.now(), patience_);
  auto session = co_await shake_hands(executor_, arrival->tls, deadline, clock_);
  TlsChannel tls = std::move(arrival->tls);
  Visit visit = std::move(arrival->visit);
  arriving_.erase(arrival);
  room_.cancel();
  if (closed_) co_return;
  if (session) {
    let_in(std::move(tls), std::move(visit), std::move(*session));
  } else {
    turn_away(tls, std::move(session).error());
  }
}

void Reception::let_in(TlsChannel tls, Visit visit, TlsSession session) {
  Established& guest = ready_.emplace_back();
  guest.channel = std::move(tls.channel);
  guest.connected.tls = std::move(session);
  guest.visit = std::move(visit);
  news_.cancel();
}

void Reception::turn_away(const TlsChannel& tls, Error error) {
  if (ends_at_wrong_code_ && error.code == TlsErrc::wrong_code) {
    failure_ = std::move(error);
    news_.cancel();
    return;
  }
  HandshakeFailed event;
  event.addresses = tls.channel->addresses();
  event.error = std::move(error);
  observer_.on_handshake_failed(event);
}

void Reception::close() {
  closed_ = true;
  ready_.clear();
  for (const Arrival& each : arriving_) ::shutdown(each.tls.channel->socket(), SHUT_RDWR);
  room_.cancel();
}

}  // namespace tcp::stream
