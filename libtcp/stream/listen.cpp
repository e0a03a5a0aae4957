// SPDX-License-Identifier: MIT
#include "libtcp/stream/listen.hpp"

#include "libtcp/stream/listener.hpp"
#include "libtcp/stream/local_end.hpp"
#include "libtcp/stream/run_loop.hpp"
#include "libtcp/stream/session_runner.hpp"

namespace tcp::stream {
namespace {

// What is in the event loop goes before the loop, which takes the suspended coroutines with it: they refer to the rest,
// and look at none of it as they go.
class ListenRun {
 public:
  ListenRun(const ListenOptions& options, SessionObserver& observer, const Clock& clock)
      : options_(options), relay_(options.relay), observer_(observer), clock_(clock) {
    if (!options.keep_open) return;
    relay_.close_output = false;         // the next client writes to it as well
    relay_.finish_at_remote_end = true;  // and must not wait for our input to end
  }

  Result<ListenOutcome> run() {
    TCP_TRY_ASSIGN(local, LocalEnd::open(loop_.executor(), options_.local));
    local_.emplace(std::move(local));
    TCP_TRY_ASSIGN(listener, Listener::open(loop_.executor(), options_));
    listener_.emplace(std::move(listener));
    loop_.stop_on(options_.stop_signals);  // whoever is told that we listen may already end us
    observer_.on_listening(listener_->locals());
    outcome_.signal = loop_.run(serve());
    if (session_) session_->close(CloseReason::interrupted);
    if (session_) outcome_.last = session_->closed();
    if (failure_) return std::unexpected(*std::move(failure_));
    return std::move(outcome_);
  }

 private:
  Awaitable<void> serve() {
    do {
      auto client = co_await accept();
      if (!client) {
        failure_ = std::move(client).error();
        co_return;
      }
      outcome_.timed_out = !*client;
      if (outcome_.timed_out) co_return;
      co_await converse(std::move(*client));
    } while (options_.keep_open && !failure_ && session_->closed().reason != CloseReason::output_failed);
  }

  Awaitable<Result<UniqueFd>> accept() {
    const bool bounded = options_.accept_timeout > Duration();
    const MonotonicTime deadline = bounded ? clock_.now() + options_.accept_timeout : MonotonicTime::max();
    auto client = co_await listener_->accept(deadline, observer_);
    if (!options_.keep_open) listener_.reset();
    co_return client;
  }

  Awaitable<void> converse(UniqueFd client) {
    auto channel = make_plain_channel(loop_.executor(), std::move(client));
    if (!channel) {
      failure_ = std::move(channel).error();
      co_return;
    }
    Connected connected;
    connected.id = ++outcome_.connections;
    session_.reset();
    session_.emplace(connected, std::move(*channel), observer_, clock_);
    co_await session_->run(loop_.executor(), *local_, relay_);
  }

  const ListenOptions& options_;
  RelayOptions relay_;
  SessionObserver& observer_;
  const Clock& clock_;
  ListenOutcome outcome_;
  std::optional<Error> failure_;
  RunLoop loop_;
  std::optional<LocalEnd> local_;
  std::optional<Listener> listener_;
  std::optional<SessionRunner> session_;
};

}  // namespace

Result<ListenOutcome> run_listen(const ListenOptions& options, SessionObserver& observer, const Clock& clock) {
  return ListenRun(options, observer, clock).run();
}

}  // namespace tcp::stream
