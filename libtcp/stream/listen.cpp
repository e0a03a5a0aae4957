// SPDX-License-Identifier: MIT
#include "libtcp/stream/listen.hpp"

#include <list>

#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/listener.hpp"
#include "libtcp/stream/run_loop.hpp"

namespace tcp::stream {
namespace {

// What is in the event loop goes before the loop, which takes the suspended coroutines with it: they refer to the rest,
// and look at none of it as they go.
class ListenRun {
 public:
  ListenRun(const ListenOptions& options, SessionObserver& observer, const Clock& clock)
      : options_(options), observer_(observer), clock_(clock) {}

  Result<ListenOutcome> run() {
    TCP_TRY_ASSIGN(service, make_client_service(loop_.executor(), options_, observer_, clock_));
    service_ = std::move(service);
    TCP_TRY_ASSIGN(listener, Listener::open(loop_.executor(), options_));
    listener_.emplace(std::move(listener));
    loop_.stop_on(options_.stop_signals);  // whoever is told that we listen may already end us
    observer_.on_listening(listener_->locals());
    outcome_.signal = loop_.run(serve());
    service_->stop();
    for (Conversation& each : conversations_) conclude(each, CloseReason::interrupted);
    if (failure_) return std::unexpected(*std::move(failure_));
    outcome_.service_over = service_->is_over();
    return std::move(outcome_);
  }

 private:
  using Conversations = std::list<Conversation>;

  Awaitable<void> serve() {
    do {
      auto client = co_await accept();
      if (!client) {
        failure_ = std::move(client).error();
        co_return;
      }
      if (!*client) {
        if (conversations_.empty()) co_return;  // nobody came, and nobody is here
        continue;
      }
      co_await welcome(std::move(*client));
    } while (options_.keep_open && !failure_ && !service_->is_over());
  }

  Awaitable<Result<UniqueFd>> accept() {
    const bool bounded = options_.accept_timeout > Duration();
    const MonotonicTime deadline = bounded ? clock_.now() + options_.accept_timeout : MonotonicTime::max();
    auto client = co_await listener_->accept(deadline, observer_);
    if (!options_.keep_open) listener_.reset();
    co_return client;
  }

  Awaitable<void> welcome(UniqueFd client) {
    auto channel = make_plain_channel(loop_.executor(), std::move(client));
    if (!channel) {
      failure_ = std::move(channel).error();
      co_return;
    }
    Connected connected;
    connected.id = ++outcome_.connections;
    conversations_.emplace_back(connected, std::move(*channel), observer_, clock_);
    const auto conversation = std::prev(conversations_.end());
    if (!options_.keep_open || service_->one_at_a_time()) {
      co_await converse(conversation);
    } else {
      asio::co_spawn(loop_.executor(), converse(conversation), asio::detached);
    }
  }

  Awaitable<void> converse(Conversations::iterator conversation) {
    co_await service_->serve(*conversation);
    conclude(*conversation, CloseReason::finished);
    conversations_.erase(conversation);
  }

  void conclude(Conversation& conversation, CloseReason reason) {
    conversation.close(reason);
    outcome_.last = conversation.closed();
  }

  const ListenOptions& options_;
  SessionObserver& observer_;
  const Clock& clock_;
  ListenOutcome outcome_;
  std::optional<Error> failure_;
  RunLoop loop_;
  std::unique_ptr<ClientService> service_;
  std::optional<Listener> listener_;
  Conversations conversations_;
};

}  // namespace

Result<ListenOutcome> run_listen(const ListenOptions& options, SessionObserver& observer, const Clock& clock) {
  return ListenRun(options, observer, clock).run();
}

}  // namespace tcp::stream
