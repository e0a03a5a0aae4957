// SPDX-License-Identifier: MIT
#include "libtcp/stream/conversation.hpp"

namespace tcp::stream {
namespace {

std::string too_few(std::uint64_t have, std::uint64_t want) {
  return "ended after " + std::to_string(have) + " of " + std::to_string(want) + " bytes";
}

// What was still to come is said along with what kept it from coming.
Error with_shortfall(Error error, const End& local) {
  if (local.shortfall() == CloseReason::finished) return error;
  if (!error.detail.empty()) error.detail += "; ";
  error.detail += local.shortfall_error().message();
  return error;
}

std::optional<Error> describe(const RelayEnd& end, const Channel& channel, const End& local,
                              const RelayOptions& options, const Traffic& traffic) {
  const std::string remote = to_string(channel.addresses().remote);
  switch (end.reason) {
    case CloseReason::finished:
    case CloseReason::interrupted:
    case CloseReason::program_failed:
    case CloseReason::reset_on_purpose:
    case CloseReason::transfer_failed:
    case CloseReason::refused:
    case CloseReason::target_failed: return std::nullopt;
    case CloseReason::idle:
      return with_shortfall({make_error_code(Errc::timed_out), remote, "idle for too long", {}}, local);
    case CloseReason::connection_failed: return with_shortfall(channel.receive_error(end.error), local);
    case CloseReason::input_failed: return local.receive_error(end.error);
    case CloseReason::output_failed: return local.send_error(end.error);
    case CloseReason::expectation_failed: return local.shortfall_error();
    case CloseReason::incomplete:
      if (!options.until_bytes) return local.shortfall_error();
      return Error{
          end.error, "connection with " + remote, too_few(traffic.received_bytes, options.until_bytes.value_or(0)), {}};
  }
  return std::nullopt;
}

}  // namespace

Conversation::Conversation(Connected connected, std::unique_ptr<Channel> channel, SessionObserver& observer,
                           const Clock& clock)
    : id_(connected.id),
      opened_here_(connected.connect_time.has_value()),
      channel_(std::move(channel)),
      observer_(observer),
      clock_(clock),
      started_(clock.now()) {
  connected.addresses = channel_->addresses();
  observer_.on_connected(connected);
}

Conversation::Conversation(Connected connected, std::unique_ptr<Channel> channel, SessionObserver& observer,
                           const Clock& clock, MonotonicTime since)
    : id_(connected.id),
      opened_here_(false),
      channel_(std::move(channel)),
      observer_(observer),
      clock_(clock),
      started_(since) {}

void Conversation::open_taps(const RelayOptions& options) {
  for (TapSource* source : options.tap_sources) taps_.add(source->open({id_, channel_->addresses(), opened_here_}));
}

RelayWatch Conversation::watch() {
  return {taps_.empty() ? nullptr : &taps_, [this] { observer_.on_progress({id_, traffic_}); }};
}

Awaitable<void> Conversation::relay(Executor executor, End& local, const RelayOptions& options) {
  const RelayEnd end = co_await join(executor, local, options);
  close(end, local, options);
}

Awaitable<RelayEnd> Conversation::join(Executor executor, End& local, const RelayOptions& options) {
  open_taps(options);
  Relay relay(executor, *channel_, local, options, clock_, traffic_, watch());
  const RelayEnd end = co_await relay.run();
  co_return end;
}

void Conversation::close(const RelayEnd& end, const End& local, const RelayOptions& options) {
  close(end.reason, describe(end, *channel_, local, options, traffic_));
}

void Conversation::close(CloseReason reason, std::optional<Error> error) {
  if (is_closed()) return;
  if (channel_->has_reset() && reason != CloseReason::interrupted) {  // what failed for it is a consequence
    reason = CloseReason::reset_on_purpose;
    error.reset();
  }
  Closed closed;
  closed.id = id_;
  closed.addresses = channel_->addresses();
  closed.reason = reason;
  closed.error = std::move(error);
  closed.traffic = traffic_;
  closed.duration = clock_.now() - started_;
  if (observer_.wants_statistics()) closed.statistics = read_tcp_statistics(channel_->socket());
  closed.child = child_exit_;
  closed_ = std::move(closed);
  taps_.on_closed(reason);
  observer_.on_closed(*closed_);
}

}  // namespace tcp::stream
