// SPDX-License-Identifier: MIT
#include "libtcp/stream/connect.hpp"

#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/establish_with_retries.hpp"
#include "libtcp/stream/exec.hpp"
#include "libtcp/stream/local_end.hpp"
#include "libtcp/stream/run_loop.hpp"
#include "libtcp/stream/scripted_end.hpp"
#include "libtcp/stream/send_files.hpp"
#include "libtcp/stream/telnet_transport.hpp"

namespace tcp::stream {
namespace {

// Declared in the same order as ListenRun and for the same reason.
class ConnectRun {
 public:
  ConnectRun(const ConnectOptions& options, SessionObserver& observer, const Clock& clock)
      : options_(options), observer_(observer), clock_(clock) {}

  Result<ConnectOutcome> run() {
    if (options_.send) {
      TCP_TRY_ASSIGN(files, SendFiles::open(options_, observer_, clock_));
      files_ = std::move(files);
    } else if (options_.exec) {
      TCP_TRY_ASSIGN(exec, Exec::open(loop_.executor(), *options_.exec, options_.relay));
      exec_ = std::move(exec);
    } else if (!options_.zero) {
      TCP_TRY_ASSIGN(local, LocalEnd::open(loop_.executor(), options_.local));
      local_.emplace(std::move(local));
    }
    loop_.stop_on(options_.stop_signals);
    const int signal = loop_.run(files_ ? send_files() : converse());
    if (exec_) exec_->stop();
    if (files_) files_->stop(conversation_);
    if (failure_) return std::unexpected(*std::move(failure_));
    ConnectOutcome outcome{std::nullopt, signal};
    if (conversation_) {
      conversation_->close(CloseReason::interrupted);
      outcome.closed = conversation_->closed();
    }
    return outcome;
  }

 private:
  Awaitable<void> converse() {
    const Executor executor = loop_.executor();
    auto established = co_await establish_with_retries(executor, options_.dial, options_.retry, observer_, clock_);
    if (!established) {
      failure_ = std::move(established).error();
      co_return;
    }
    if (options_.telnet) {
      auto channel = speak_telnet(*established->channel);
      if (!channel) {
        failure_ = std::move(channel).error();
        co_return;
      }
      established->channel = std::move(*channel);
    }
    established->connected.id = 1;
    const bool is_secure = established->connected.tls.has_value();
    conversation_.emplace(established->connected, std::move(established->channel), observer_, clock_);
    if (options_.zero) {
      if (is_secure) (void)co_await conversation_->channel().finish_sending();  // close_notify
      conversation_->close(CloseReason::finished);
    } else if (exec_) {
      co_await exec_->serve(*conversation_);
    } else {
      co_await conversation_->relay(executor, local_end(), options_.relay);
    }
  }

  Result<std::unique_ptr<Channel>> speak_telnet(Channel& channel) {
    auto [socket, transport] = channel.release();
    return Channel::open(loop_.executor(), std::move(socket), make_telnet_transport(std::move(transport)),
                         channel.addresses());
  }

  End& local_end() {
    if (!options_.script) return *local_;
    return scripted_.emplace(loop_.executor(), *local_, *options_.script, clock_);
  }

  Awaitable<void> send_files() {
    auto sent = co_await files_->send(loop_.executor(), conversation_);
    if (!sent) failure_ = std::move(sent).error();
  }

  const ConnectOptions& options_;
  SessionObserver& observer_;
  const Clock& clock_;
  std::optional<Error> failure_;
  RunLoop loop_;
  std::unique_ptr<Exec> exec_;
  std::optional<LocalEnd> local_;
  std::optional<ScriptedEnd> scripted_;
  std::optional<Conversation> conversation_;
  std::unique_ptr<SendFiles> files_;
};

}  // namespace

Result<ConnectOutcome> run_connect(const ConnectOptions& options, SessionObserver& observer, const Clock& clock) {
  return ConnectRun(options, observer, clock).run();
}

}  // namespace tcp::stream
