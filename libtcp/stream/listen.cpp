// SPDX-License-Identifier: MIT
#include "libtcp/stream/listen.hpp"

#include <list>

#include "libtcp/base/deadline.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/door.hpp"
#include "libtcp/stream/faulty_transport.hpp"
#include "libtcp/stream/forwarder.hpp"
#include "libtcp/stream/hub.hpp"
#include "libtcp/stream/listener.hpp"
#include "libtcp/stream/proxy_reception.hpp"
#include "libtcp/stream/proxy_service.hpp"
#include "libtcp/stream/reception.hpp"
#include "libtcp/stream/run_loop.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

// What is in the event loop goes before the loop, which takes the suspended coroutines with it: they refer to the rest,
// and look at none of it as they go.
class ListenRun {
 public:
  ListenRun(const ListenOptions& options, SessionObserver& observer, const Clock& clock)
      : options_(options), observer_(observer), clock_(clock) {}

  Result<ListenOutcome> run() {
    TCP_TRY(prepare());
    loop_.call_on(options_.reload_signals, [this] { reload(); });
    loop_.stop_on(options_.stop_signals);  // whoever is told that we listen may already end us
    if (service_) service_->on_listening(listener_->locals());
    observer_.on_listening(listener_->locals());
    outcome_.signal = loop_.run(serve());
    if (service_) service_->stop();
    for (Guest& each : guests_) conclude(each.conversation, CloseReason::interrupted);
    if (crowd_) crowd_->close_all(CloseReason::interrupted);
    if (failure_) return std::unexpected(*std::move(failure_));
    outcome_.service_over = service_ && service_->is_over();
    return std::move(outcome_);
  }

 private:
  struct Guest {
    Guest(Established established, SessionObserver& observer, const Clock& clock)
        : conversation(established.connected, std::move(established.channel), observer, clock),
          visit(std::move(established.visit)) {}
    Guest(Demanding& client, std::unique_ptr<Channel> channel, SessionObserver& observer, const Clock& clock)
        : conversation(client.connected, std::move(channel), observer, clock, client.since) {}
    Conversation conversation;
    Visit visit;
  };
  using Guests = std::list<Guest>;

  Result<void> prepare() {
    TCP_TRY_ASSIGN(door, Door::open(options_.door));
    door_.emplace(std::move(door));
    if (!is_joined_later()) TCP_TRY(set_up_service());
    TCP_TRY(set_up_tls());
    TCP_TRY_ASSIGN(listener, Listener::open(loop_.executor(), options_));
    listener_.emplace(std::move(listener));
    if (listener_->lacks_transparency()) warn_of_transparency();
    TCP_TRY(set_up_proxies());
    if (options_.identity) TCP_TRY(options_.identity->assume());
    if (is_joined_later()) TCP_TRY(set_up_service());
    if (tls_) {
      reception_.emplace(
          loop_.executor(), [this] { return next_visitor(MonotonicTime::max()); }, *tls_,
          options_.tls->handshake_timeout, observer_, clock_);
      if (!options_.keep_open) reception_->end_at_wrong_code();
    }
    return {};
  }

  // A program is looked for by whom it will be run, and where.
  [[nodiscard]] bool is_joined_later() const noexcept { return options_.exec && options_.identity; }

  Result<void> set_up_service() {
    const Executor executor = loop_.executor();
    const auto left = [this](const Closed& closed) {
      outcome_.last = closed;
      note_left(closed.addresses.remote);
    };
    if (options_.hub) {
      TCP_TRY_ASSIGN(hub, Hub::open(executor, *options_.hub, observer_, clock_, left));
      crowd_ = std::move(hub);
    } else if (is_plain_forwarding(options_)) {
      TCP_TRY_ASSIGN(forwarder, Forwarder::open(executor, options_, observer_, clock_, left));
      forwarder->hand_over_to([this](Demanding client) { take_over(std::move(client)); });
      forwarder_ = forwarder.get();
      crowd_ = std::move(forwarder);
    }
    if (options_.proxy_server) {
      TCP_TRY_ASSIGN(service, make_proxy_service(executor, options_, observer_, clock_));
      proxy_service_ = service.get();
      service_ = std::move(service);
    } else if (!crowd_) {
      TCP_TRY_ASSIGN(service, make_client_service(executor, options_, observer_, clock_));
      service_ = std::move(service);
    }
    return {};
  }

  Result<void> set_up_tls() {
    if (!options_.tls) return {};
    TCP_TRY_ASSIGN(tls, make_tls_server(*options_.tls, clock_));
    tls_ = std::move(tls);
    if (const auto made = tls_->own_certificate()) observer_.on_certificate_made(*made);
    return {};
  }

  Result<void> set_up_proxies() {
    if (!options_.proxy_protocol) return {};
    const auto accept = [this] { return listener_->accept(MonotonicTime::max(), observer_); };
    TCP_TRY_ASSIGN(proxies,
                   ProxyReception::open(loop_.executor(), *options_.proxy_protocol, accept, observer_, clock_));
    proxies_ = std::move(proxies);
    return {};
  }

  void warn_of_transparency() {
    const Error error{make_error_code(Errc::not_permitted),
                      "--transparent",
                      "what TPROXY hands over does not arrive, what REDIRECT and DNAT bring does: " +
                          net::how_to_get(net::Capability::net_admin),
                      {}};
    observer_.on_warning(error);
  }

  void reload() {
    tell_kept(door_->reload());
    if (proxies_) tell_kept(proxies_->reload());
    if (forwarder_ != nullptr) tell_kept(forwarder_->reload());
    if (proxy_service_ != nullptr) tell_kept(proxy_service_->reload());
  }

  void tell_kept(Result<void> reloaded) {
    if (!reloaded) {
      Error error = std::move(reloaded).error();
      error.detail = error.message() + "; the list stays as it was";
      error.attempt = "access list";
      observer_.on_warning(error);
    }
  }

  Awaitable<void> serve() {
    if (crowd_) asio::co_spawn(loop_.executor(), run_crowd(), asio::detached);
    do {
      const MonotonicTime deadline = deadline_after(clock_.now(), options_.accept_timeout);
      if (crowd_ && !reception_) {
        co_await receive_for_crowd(deadline);
      } else {
        co_await receive_guest(deadline);
      }
    } while (options_.keep_open && !failure_ && !is_over_);
    while (crowd_ && !failure_ && !is_empty()) co_await somebody_leaves();
  }

  // Nothing in the event loop for those who come: there may be very many of them.
  Awaitable<void> receive_for_crowd(MonotonicTime deadline) {
    auto visitor = co_await next_visitor(deadline);
    if (!visitor) {
      failure_ = std::move(visitor).error();
      co_return;
    }
    if (!visitor->socket) {
      is_over_ = is_empty();  // nobody came, and nobody is here
      co_return;
    }
    close_unless_kept_open();
    auto transport = spoiled(visitor->socket.get(), make_accepted_transport(visitor->socket.get()));
    Connected connected;
    connected.addresses = std::move(visitor->addresses);
    enter_crowd(std::move(connected), std::move(visitor->socket), std::move(transport), visitor->visit);
  }

  Awaitable<void> receive_guest(MonotonicTime deadline) {
    Result<Established> guest;
    if (reception_) {
      guest = co_await reception_->next(deadline);
      if (guest && guest->channel) spoil(*guest);
    } else {
      guest = co_await next_plain(deadline);
    }
    close_unless_kept_open();
    if (!guest) {
      failure_ = std::move(guest).error();
      co_return;
    }
    if (!guest->channel) {
      is_over_ = is_empty();  // nobody came, and nobody is here
      co_return;
    }
    if (crowd_) {
      Established& established = *guest;
      auto [socket, transport] = established.channel->release();
      established.connected.addresses = established.channel->addresses();
      enter_crowd(established.connected, std::move(socket), std::move(transport), established.visit);
      co_return;
    }
    co_await welcome(std::move(*guest));
    is_over_ = service_->is_over();
  }

  Awaitable<Result<Established>> next_plain(MonotonicTime deadline) {
    auto visitor = co_await next_visitor(deadline);
    if (!visitor) co_return std::unexpected(std::move(visitor).error());
    Established guest;
    if (!visitor->socket) co_return guest;
    auto transport = spoiled(visitor->socket.get(), make_accepted_transport(visitor->socket.get()));
    auto channel = Channel::open(loop_.executor(), std::move(visitor->socket), std::move(transport),
                                 std::move(visitor->addresses));
    if (!channel) co_return std::unexpected(std::move(channel).error());
    guest.channel = std::move(*channel);
    guest.visit = std::move(visitor->visit);
    co_return guest;
  }

  // As it is, unless it shall misbehave.
  std::unique_ptr<Transport> spoiled(int socket, std::unique_ptr<Transport> transport) {
    if (!options_.faults.spoils_connections()) return transport;
    return make_faulty_transport(loop_.executor(), socket, options_.faults, std::move(transport));
  }

  void spoil(Established& established) {
    if (!options_.faults.spoils_connections()) return;
    const int socket = established.channel->socket();
    established.channel->change_transport(
        [&](std::unique_ptr<Transport> transport) { return spoiled(socket, std::move(transport)); });
  }

  // Waiting in the queue and being sent away are no visits: the deadline stays.
  Awaitable<Result<Visitor>> next_visitor(MonotonicTime deadline) {
    while (!door_->accepts()) co_await somebody_leaves();
    for (;;) {
      auto client = co_await next_connection(deadline);
      if (!client) co_return std::unexpected(std::move(client).error());
      Visitor visitor;
      visitor.socket = std::move(client->socket);
      visitor.addresses = std::move(client->addresses);
      if (!visitor.socket) co_return visitor;
      const Address& remote = visitor.addresses.remote;
      const auto reason = door_->enter(remote, visitor.addresses.via);
      if (!reason) {
        visitor.visit = Visit(remote, [this](const Address& who) { note_left(who); });
        co_return visitor;
      }
      set_abort(visitor.socket.get());
      visitor.socket.reset();
      const Rejected rejected{remote, *reason, visitor.addresses.via};
      observer_.on_rejected(rejected);
    }
  }

  Awaitable<Result<Accepted>> next_connection(MonotonicTime deadline) {
    return proxies_ ? proxies_->next(deadline) : listener_->accept(deadline, observer_);
  }

  void close_unless_kept_open() {
    if (options_.keep_open) return;
    if (reception_) reception_->close();
    if (proxies_) proxies_->close();
    listener_->close();
  }

  Awaitable<void> welcome(Established established) {
    established.connected.id = ++outcome_.connections;
    guests_.emplace_back(std::move(established), observer_, clock_);
    const auto guest = std::prev(guests_.end());
    if (!options_.keep_open || service_->one_at_a_time()) {
      co_await converse(guest);
    } else {
      asio::co_spawn(loop_.executor(), converse(guest), asio::detached);
    }
  }

  // From the crowd, which has let them go.
  void take_over(Demanding client) {
    const Address remote = client.connected.addresses.remote;
    Visit visit(remote, [this](const Address& who) { note_left(who); });
    auto transport = make_accepted_transport(client.socket.get());
    auto channel =
        Channel::open(loop_.executor(), std::move(client.socket), std::move(transport), client.connected.addresses);
    if (!channel) return observer_.on_warning(channel.error());
    guests_.emplace_back(client, std::move(*channel), observer_, clock_);
    guests_.back().visit = std::move(visit);
    asio::co_spawn(loop_.executor(), resume(std::prev(guests_.end()), std::move(client.dialogue)), asio::detached);
  }

  Awaitable<void> resume(Guests::iterator guest, std::unique_ptr<ProxyServerDialogue> dialogue) {
    co_await proxy_service_->resume(guest->conversation, std::move(dialogue));
    conclude(guest->conversation, CloseReason::finished);
    guests_.erase(guest);
  }

  Awaitable<void> converse(Guests::iterator guest) {
    co_await service_->serve(guest->conversation);
    conclude(guest->conversation, CloseReason::finished);
    guests_.erase(guest);
  }

  // One who cannot be watched is lost, the others are not.
  void enter_crowd(Connected connected, UniqueFd socket, std::unique_ptr<Transport> transport, Visit& visit) {
    connected.id = ++outcome_.connections;
    visit.hand_over();  // the crowd tells when it has left
    const Address remote = connected.addresses.remote;
    if (auto entered = crowd_->welcome(std::move(connected), std::move(socket), std::move(transport)); !entered) {
      --outcome_.connections;
      note_left(remote);
      observer_.on_warning(entered.error());
    }
  }

  Awaitable<void> run_crowd() {
    auto ran = co_await crowd_->run();
    if (ran) co_return;
    failure_ = std::move(ran).error();
    loop_.stop();
  }

  void conclude(Conversation& conversation, CloseReason reason) {
    conversation.close(reason);
    outcome_.last = conversation.closed();
  }

  void note_left(const Address& remote) {
    door_->leave(remote);
    left_.cancel();
  }

  Awaitable<void> somebody_leaves() {
    auto [ignored] = co_await left_.async_wait(kToken);
    (void)ignored;
  }

  [[nodiscard]] bool is_empty() const { return guests_.empty() && (!crowd_ || crowd_->size() == 0); }

  const ListenOptions& options_;
  SessionObserver& observer_;
  const Clock& clock_;
  ListenOutcome outcome_;
  std::optional<Error> failure_;
  std::optional<Door> door_;
  RunLoop loop_;
  Timer left_{loop_.executor(), Timer::time_point::max()};  // never expires: cancelled when somebody leaves
  std::unique_ptr<ClientService> service_;
  ProxyService* proxy_service_ = nullptr;  // that one, of a proxy server
  std::unique_ptr<Crowd> crowd_;
  Forwarder* forwarder_ = nullptr;  // likewise
  std::unique_ptr<TlsContext> tls_;
  std::optional<Listener> listener_;
  std::unique_ptr<ProxyReception> proxies_;
  std::optional<Reception> reception_;
  Guests guests_;
  bool is_over_ = false;
};

}  // namespace

Result<ListenOutcome> run_listen(const ListenOptions& options, SessionObserver& observer, const Clock& clock) {
  return ListenRun(options, observer, clock).run();
}

}  // namespace tcp::stream
