// SPDX-License-Identifier: MIT
#include "libtcp/stream/connect.hpp"

#include "libtcp/stream/dialer.hpp"
#include "libtcp/stream/local_end.hpp"
#include "libtcp/stream/run_loop.hpp"
#include "libtcp/stream/session_runner.hpp"

namespace tcp::stream {
namespace {

// Declared in the same order as ListenRun and for the same reason.
class ConnectRun {
 public:
  ConnectRun(const ConnectOptions& options, SessionObserver& observer, const Clock& clock)
      : options_(options), observer_(observer), clock_(clock) {}

  Result<ConnectOutcome> run() {
    if (!options_.zero) {
      TCP_TRY_ASSIGN(local, LocalEnd::open(loop_.executor(), options_.local));
      local_.emplace(std::move(local));
    }
    loop_.stop_on(options_.stop_signals);
    const int signal = loop_.run(converse());
    if (failure_) return std::unexpected(*std::move(failure_));
    ConnectOutcome outcome{std::nullopt, signal};
    if (session_) {
      session_->close(CloseReason::interrupted);
      outcome.closed = session_->closed();
    }
    return outcome;
  }

 private:
  Awaitable<void> converse() {
    const Executor executor = loop_.executor();
    auto dialed = co_await dial(executor, options_.dial, observer_, clock_);
    if (!dialed) {
      failure_ = std::move(dialed).error();
      co_return;
    }
    auto channel = make_plain_channel(executor, std::move(dialed->socket));
    if (!channel) {
      failure_ = std::move(channel).error();
      co_return;
    }
    session_.emplace(Connected{1, {}, dialed->resolve_time, dialed->connect_time}, std::move(*channel), observer_,
                     clock_);
    if (options_.zero) {
      session_->close(CloseReason::finished);
    } else {
      co_await session_->run(executor, *local_, options_.relay);
    }
  }

  const ConnectOptions& options_;
  SessionObserver& observer_;
  const Clock& clock_;
  std::optional<Error> failure_;
  RunLoop loop_;
  std::optional<LocalEnd> local_;
  std::optional<SessionRunner> session_;
};

}  // namespace

Result<ConnectOutcome> run_connect(const ConnectOptions& options, SessionObserver& observer, const Clock& clock) {
  return ConnectRun(options, observer, clock).run();
}

}  // namespace tcp::stream
