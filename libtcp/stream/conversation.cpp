// SPDX-License-Identifier: MIT
#include "libtcp/stream/conversation.hpp"

namespace tcp::stream {
namespace {

std::optional<Error> describe(const RelayEnd& end, const Channel& channel, const End& local) {
  switch (end.reason) {
    case CloseReason::finished:
    case CloseReason::interrupted:
    case CloseReason::program_failed:
    case CloseReason::target_failed: return std::nullopt;
    case CloseReason::idle:
      return Error{make_error_code(Errc::timed_out), to_string(channel.addresses().remote), "idle for too long", {}};
    case CloseReason::connection_failed: return channel.receive_error(end.error);
    case CloseReason::input_failed: return local.receive_error(end.error);
    case CloseReason::output_failed: return local.send_error(end.error);
  }
  return std::nullopt;
}

}  // namespace

Conversation::Conversation(Connected connected, std::unique_ptr<Channel> channel, SessionObserver& observer,
                           const Clock& clock)
    : id_(connected.id), channel_(std::move(channel)), observer_(observer), clock_(clock), started_(clock.now()) {
  connected.addresses = channel_->addresses();
  observer_.on_connected(connected);
}

Awaitable<void> Conversation::relay(Executor executor, End& local, const RelayOptions& options) {
  const RelayEnd end = co_await join(executor, local, options);
  close(end, local);
}

Awaitable<RelayEnd> Conversation::join(Executor executor, End& local, const RelayOptions& options) {
  Relay relay(executor, *channel_, local, options, clock_, traffic_);
  const RelayEnd end = co_await relay.run();
  co_return end;
}

void Conversation::close(const RelayEnd& end, const End& local) { close(end.reason, describe(end, *channel_, local)); }

void Conversation::close(CloseReason reason, std::optional<Error> error) {
  if (is_closed()) return;
  Closed closed;
  closed.id = id_;
  closed.addresses = channel_->addresses();
  closed.reason = reason;
  closed.error = std::move(error);
  closed.traffic = traffic_;
  closed.duration = clock_.now() - started_;
  closed.statistics = read_tcp_statistics(channel_->socket());
  closed.child = child_exit_;
  closed_ = std::move(closed);
  observer_.on_closed(*closed_);
}

}  // namespace tcp::stream
