// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_handshake.hpp"

#include <sys/socket.h>

namespace tcp::stream {
namespace {

// Shuts a channel's socket down when its time is up, which ends whatever waits for it.
class Deadline {
 public:
  Deadline(const Executor& executor, Channel& channel, MonotonicTime time)
      : state_(std::make_shared<State>(State{channel.socket(), false})), timer_(executor) {
    if (time == MonotonicTime::max()) return;
    timer_.expires_at(time);
    timer_.async_wait([state = state_](std::error_code error) {
      if (error || state->socket < 0) return;
      state->passed = true;
      ::shutdown(state->socket, SHUT_RDWR);
    });
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  // The timer may have expired already, with its handler still to run.
  ~Deadline() { state_->socket = -1; }

  [[nodiscard]] bool has_passed() const noexcept { return state_->passed; }

 private:
  struct State {
    int socket;
    bool passed;
  };
  std::shared_ptr<State> state_;
  Timer timer_;
};

}  // namespace

Result<TlsChannel> make_tls_channel(const Executor& executor, UniqueFd socket, const TlsContext& context) {
  TCP_TRY_ASSIGN(transport, context.make_transport(socket.get()));
  TlsChannel made;
  made.transport = transport.get();
  TCP_TRY_ASSIGN(channel, Channel::open(executor, std::move(socket), std::move(transport)));
  made.channel = std::move(channel);
  return made;
}

Awaitable<Result<TlsSession>> shake_hands(Executor executor, TlsChannel& tls, MonotonicTime deadline,
                                          const Clock& clock) {
  const MonotonicTime started = clock.now();
  const Deadline limit(executor, *tls.channel, deadline);
  const std::error_code code = co_await tls.channel->prepare();
  if (code) {
    Error error = tls.transport->failure(code);
    if (limit.has_passed()) error = Error{make_error_code(Errc::timed_out), {}, {}, {}};
    error.attempt = "TLS handshake with " + to_string(tls.channel->addresses().remote);
    co_return std::unexpected(std::move(error));
  }
  TlsSession session = tls.transport->session();
  session.handshake_time = clock.now() - started;
  co_return session;
}

}  // namespace tcp::stream
