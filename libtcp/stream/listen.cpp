// SPDX-License-Identifier: MIT
#include "libtcp/stream/listen.hpp"

#include <list>

#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/door.hpp"
#include "libtcp/stream/hub.hpp"
#include "libtcp/stream/listener.hpp"
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
    observer_.on_listening(listener_->locals());
    outcome_.signal = loop_.run(serve());
    for (Conversation& each : conversations_) conclude(each, CloseReason::interrupted);
    if (hub_) hub_->close_all(CloseReason::interrupted);
    if (failure_) return std::unexpected(*std::move(failure_));
    outcome_.service_over = service_ && service_->is_over();
    return std::move(outcome_);
  }

 private:
  using Conversations = std::list<Conversation>;

  Result<void> prepare() {
    TCP_TRY_ASSIGN(door, Door::open(options_.door));
    door_.emplace(std::move(door));
    if (options_.hub) {
      TCP_TRY_ASSIGN(hub, Hub::open(loop_.executor(), *options_.hub, observer_, clock_, [this](const Closed& closed) {
                       outcome_.last = closed;
                       note_left(closed.addresses.remote);
                     }));
      hub_ = std::move(hub);
    } else {
      TCP_TRY_ASSIGN(service, make_client_service(loop_.executor(), options_));
      service_ = std::move(service);
    }
    TCP_TRY_ASSIGN(listener, Listener::open(loop_.executor(), options_));
    listener_.emplace(std::move(listener));
    return {};
  }

  void reload() {
    if (auto reloaded = door_->reload(); !reloaded) {
      Error error = std::move(reloaded).error();
      error.detail = error.message() + "; the list stays as it was";
      error.attempt = "access list";
      observer_.on_warning(error);
    }
  }

  Awaitable<void> serve() {
    if (hub_) asio::co_spawn(loop_.executor(), run_hub(), asio::detached);
    do {
      auto client = co_await next_client();
      if (!client) {
        failure_ = std::move(client).error();
        co_return;
      }
      if (!client->socket) {
        if (is_empty()) co_return;  // nobody came, and nobody is here
        continue;
      }
      if (!options_.keep_open) listener_.reset();
      if (hub_) {
        enter_hub(std::move(*client));
      } else {
        co_await welcome(std::move(*client));
      }
    } while (options_.keep_open && !failure_ && !(service_ && service_->is_over()));
    while (hub_ && !failure_ && !is_empty()) co_await somebody_leaves();
  }

  // Waiting in the queue and being sent away are no visits: the deadline stays.
  Awaitable<Result<Accepted>> next_client() {
    while (!door_->accepts()) co_await somebody_leaves();
    const bool bounded = options_.accept_timeout > Duration();
    const MonotonicTime deadline = bounded ? clock_.now() + options_.accept_timeout : MonotonicTime::max();
    for (;;) {
      auto client = co_await listener_->accept(deadline, observer_);
      if (!client || !client->socket) co_return client;
      const auto reason = door_->enter(client->remote);
      if (!reason) co_return client;
      set_abort(client->socket.get());
      client->socket.reset();
      const Rejected rejected{client->remote, *reason};
      observer_.on_rejected(rejected);
    }
  }

  Awaitable<void> welcome(Accepted client) {
    auto channel = make_plain_channel(loop_.executor(), std::move(client.socket));
    if (!channel) {
      failure_ = std::move(channel).error();
      co_return;
    }
    Connected connected;
    connected.id = ++outcome_.connections;
    conversations_.emplace_back(connected, std::move(*channel), observer_, clock_);
    const auto conversation = std::prev(conversations_.end());
    if (!options_.keep_open || service_->one_at_a_time()) {
      co_await converse(conversation, std::move(client.remote));
    } else {
      asio::co_spawn(loop_.executor(), converse(conversation, std::move(client.remote)), asio::detached);
    }
  }

  Awaitable<void> converse(Conversations::iterator conversation, Address remote) {
    co_await service_->serve(*conversation);
    conclude(*conversation, CloseReason::finished);
    conversations_.erase(conversation);
    note_left(remote);
  }

  // One who cannot be watched is lost, the others are not.
  void enter_hub(Accepted client) {
    Connected connected;
    connected.id = outcome_.connections + 1;
    connected.addresses = {local_address(client.socket.get()), client.remote};
    auto transport = make_plain_transport(client.socket.get());
    ++outcome_.connections;
    if (auto entered = hub_->welcome(connected, std::move(client.socket), std::move(transport)); !entered) {
      --outcome_.connections;
      door_->leave(client.remote);
      observer_.on_warning(entered.error());
    }
  }

  Awaitable<void> run_hub() {
    auto ran = co_await hub_->run();
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

  [[nodiscard]] bool is_empty() const { return conversations_.empty() && (!hub_ || hub_->size() == 0); }

  const ListenOptions& options_;
  SessionObserver& observer_;
  const Clock& clock_;
  ListenOutcome outcome_;
  std::optional<Error> failure_;
  std::optional<Door> door_;
  RunLoop loop_;
  Timer left_{loop_.executor(), Timer::time_point::max()};  // never expires: cancelled when somebody leaves
  std::unique_ptr<ClientService> service_;
  std::unique_ptr<Hub> hub_;
  std::optional<Listener> listener_;
  Conversations conversations_;
};

}  // namespace

Result<ListenOutcome> run_listen(const ListenOptions& options, SessionObserver& observer, const Clock& clock) {
  return ListenRun(options, observer, clock).run();
}

}  // namespace tcp::stream
