// SPDX-License-Identifier: MIT
#include "libtcp/stream/session_runner.hpp"

#include "libtcp/stream/relay.hpp"

namespace tcp::stream {
namespace {

std::string connection_detail(std::error_code code) {
  if (code == std::errc::connection_reset) return "the peer reset the connection";
  if (code == std::errc::broken_pipe) return "the peer closed before it had everything";
  if (code == std::errc::timed_out) return "the peer acknowledges nothing any more";
  return {};
}

std::optional<Error> describe(const RelayEnd& end, const Endpoint& remote, const LocalEnd& local) {
  switch (end.reason) {
    case CloseReason::finished:
    case CloseReason::interrupted: return std::nullopt;
    case CloseReason::idle: return Error{make_error_code(Errc::timed_out), to_string(remote), "idle for too long", {}};
    case CloseReason::connection_failed:
      return Error{end.error, "connection with " + to_string(remote), connection_detail(end.error), {}};
    case CloseReason::input_failed: return Error{end.error, "read " + local.input.name(), {}, {}};
    case CloseReason::output_failed: return Error{end.error, "write " + local.output.name(), {}, {}};
  }
  return std::nullopt;
}

}  // namespace

SessionRunner::SessionRunner(Connected connected, std::unique_ptr<Channel> channel, SessionObserver& observer,
                             const Clock& clock)
    : id_(connected.id), channel_(std::move(channel)), observer_(observer), clock_(clock), started_(clock.now()) {
  connected.endpoints = channel_->endpoints();
  observer_.on_connected(connected);
}

Awaitable<void> SessionRunner::run(Executor executor, LocalEnd& local, const RelayOptions& options) {
  Relay relay(executor, *channel_, local, options, clock_, traffic_);
  const RelayEnd end = co_await relay.run();
  close(end.reason, describe(end, channel_->endpoints().remote, local));
}

void SessionRunner::close(CloseReason reason, std::optional<Error> error) {
  if (is_closed()) return;
  Closed closed;
  closed.id = id_;
  closed.endpoints = channel_->endpoints();
  closed.reason = reason;
  closed.error = std::move(error);
  closed.traffic = traffic_;
  closed.duration = clock_.now() - started_;
  closed.statistics = read_tcp_statistics(channel_->socket());
  closed_ = std::move(closed);
  observer_.on_closed(*closed_);
}

}  // namespace tcp::stream
