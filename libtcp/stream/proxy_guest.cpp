// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_guest.hpp"

#include <vector>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/channel_deadline.hpp"
#include "libtcp/stream/proxy_event.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kBytesAtATime = 4096;

}  // namespace

// What came behind one request begins the next one.
Awaitable<bool> ProxyGuest::read_request() {
  ChannelDeadline limit(routes_.executor, channel(), routes_.clock);
  if (routes_.options.request_timeout > Duration::zero()) limit.set(routes_.options.request_timeout);
  std::vector<std::byte> buffer(kBytesAtATime);
  bool has_begun = !early_.empty();
  for (;;) {
    std::string bytes = std::exchange(early_, {});
    if (bytes.empty()) {
      IoResult got = std::unexpected(std::make_error_code(std::errc::operation_canceled));
      if (!limit.has_passed()) got = co_await channel().receive(buffer);
      if (!got && limit.has_passed() && (has_begun || !has_served_)) {
        co_await refuse_with(ProxyRefusal::too_slow, CloseReason::refused, not_ended_in_time());
        co_return false;
      }
      const bool is_end = !got || *got == 0;
      if (is_end && has_served_ && !has_begun) {
        co_await part(CloseReason::finished, std::nullopt);
        co_return false;
      }
      if (is_end) {
        lose(got ? std::error_code() : got.error());
        co_return false;
      }
      bytes = as_text(std::span(buffer).first(*got));
    }
    has_begun = true;
    ProxyServerTurn turn = dialogue_->receive(bytes, routes_.clock.now());
    early_ = bytes.substr(turn.taken);
    const bool is_known = turn.state == ProxyServerTurn::State::requested;
    has_served_ = has_served_ || is_known;
    const bool goes_on = co_await take(std::move(turn));
    if (!goes_on || is_known) co_return goes_on;
  }
}

Awaitable<bool> ProxyGuest::take(ProxyServerTurn turn) {
  const std::error_code error = co_await send_all(channel(), turn.output);
  if (error) {
    lose(error);
    co_return false;
  }
  if (turn.state == ProxyServerTurn::State::requested) co_return true;
  if (!turn.why.empty()) report_refused(routes_.observer, id(), dialogue_->request(), turn.code, turn.why);
  if (turn.state == ProxyServerTurn::State::more) co_return true;
  std::optional<Error> why(std::in_place);
  why->code = make_error_code(code_of(turn.refusal));
  why->attempt = "proxy request";
  why->detail = std::move(turn.why);
  co_await part(CloseReason::refused, std::move(why));
  co_return false;
}

Awaitable<bool> ProxyGuest::grant(Endpoint here) {
  const ProxyReply reply = dialogue_->granted(here);
  const std::error_code error = co_await send_all(channel(), reply.bytes);
  if (error) lose(error);
  if (!error) report_granted(routes_.observer, id(), dialogue_->request(), reply.code);
  co_return !error;
}

Awaitable<void> ProxyGuest::refuse(Error error) {
  const ProxyRefusal refusal = refusal_of(error);
  const CloseReason reason = refusal == ProxyRefusal::not_allowed ? CloseReason::refused : CloseReason::target_failed;
  co_await refuse_with(refusal, reason, std::move(error));
}

Awaitable<void> ProxyGuest::refuse_with(ProxyRefusal refusal, CloseReason reason, Error error) {
  const ProxyReply reply = dialogue_->refused(refusal, error.message());
  report_refused(routes_.observer, id(), dialogue_->request(), reply.code, error.message());
  const std::error_code lost = co_await send_all(channel(), reply.bytes);
  if (lost) {
    lose(lost);
    co_return;
  }
  std::optional<Error> why(std::move(error));
  co_await part(reason, std::move(why));
}

Awaitable<void> ProxyGuest::join(Channel& target, RelayOptions relay) {
  const std::error_code error = co_await send_all(target, early_);
  if (error) {
    conversation_.close(CloseReason::output_failed, target.send_error(error));
    co_return;
  }
  traffic().received_bytes += early_.size();
  std::string().swap(early_);
  co_await conversation_.relay(routes_.executor, target, relay);
}

// Closing at once would be a reset where there is something unread, and take the reply with it.
Awaitable<void> ProxyGuest::part(CloseReason reason, std::optional<Error> error) {
  ChannelDeadline limit(routes_.executor, channel(), routes_.clock);
  limit.set(kProxyFarewell);
  const std::error_code ended = co_await channel().finish_sending();
  std::vector<std::byte> buffer(kBytesAtATime);
  std::size_t drained = 0;
  while (!ended && drained < kMostProxyDrained && !limit.has_passed()) {
    const IoResult got = co_await channel().receive(buffer);
    if (!got || *got == 0) break;
    drained += *got;
  }
  conversation_.close(reason, std::move(error));
}

void ProxyGuest::fail(Error error) { conversation_.close(CloseReason::output_failed, std::move(error)); }

void ProxyGuest::lose(std::error_code error) {
  if (error) return conversation_.close(CloseReason::connection_failed, channel().receive_error(error));
  conversation_.close(CloseReason::refused, left_before_tunnel());
}

}  // namespace tcp::stream
