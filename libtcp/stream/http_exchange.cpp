// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_exchange.hpp"

#include <algorithm>

#include "libtcp/stream/proxy_event.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{32} * 1024;
constexpr std::chrono::milliseconds kCancelAgain{20};

Error bad_response(const Error& error) {
  return Error{error.code, "response of the target", "is malformed: " + error.detail, {}};
}

Error cut_response() {
  return Error{make_error_code(Errc::malformed), "response of the target", "ended before it was complete", {}};
}

}  // namespace

Awaitable<bool> HttpExchange::run() {
  for (;;) {
    auto connected = co_await connect();
    if (!connected) {
      co_await guest_.refuse(std::move(connected).error());
      co_return false;
    }
    const End end = co_await exchange();
    // A target may close a connection that was kept just as the next request comes (RFC 9112 §9.3.1).
    const bool may_try_again = end == End::nothing_came && is_reused_ && dialogue().body().is_over();
    if (!may_try_again) {
      const bool goes_on = co_await settle(end);
      co_return goes_on;
    }
    target_.reset();
  }
}

Awaitable<Result<void>> HttpExchange::connect() {
  const HostTarget wanted = dialogue().request().target;
  is_reused_ = target_ && wanted == target_name_;
  if (is_reused_) co_return Result<void>();
  target_.reset();
  const Address client = guest_.channel().addresses().remote;
  auto reached = co_await reach_proxy_target(routes_, wanted, client, guest_.id());
  if (!reached) co_return std::unexpected(std::move(reached).error());
  target_ = std::move(*reached);
  target_name_ = wanted;
  co_return Result<void>();
}

// The response may come before all of the request has been sent.
Awaitable<HttpExchange::End> HttpExchange::exchange() {
  ahead_.clear();
  failure_.reset();
  is_sent_ = false;
  client_failed_ = false;
  is_bad_request_ = false;
  has_said_ = false;
  status_ = 0;
  target_limit_.emplace(routes_.executor, *target_, routes_.clock);
  is_sending_ = true;
  asio::co_spawn(routes_.executor, send_request(), asio::detached);
  End end = End::lost_client;  // it may be known already
  if (!client_failed_) end = co_await receive_response();
  while (is_sending_) {  // nobody reads the rest of it any more; it may just be between two waits
    target_->cancel();
    guest_.channel().cancel();
    sent_.expires_after(kCancelAgain);
    auto [ignored] = co_await sent_.async_wait(kToken);
    (void)ignored;
  }
  target_limit_.reset();
  if (client_failed_) co_return End::lost_client;
  co_return end;
}

Awaitable<void> HttpExchange::send_request() {
  const std::string head = dialogue().origin_head();
  std::error_code error = co_await send_all(*target_, head);
  if (!error) {
    guest_.traffic().received_bytes += head.size();
    error = co_await send_body();
  }
  is_sent_ = !error;
  if (client_failed_) target_->cancel();
  is_sending_ = false;
  sent_.cancel();
}

Awaitable<std::error_code> HttpExchange::send_body() {
  HttpBodyEnd body = dialogue().body();
  if (body.is_over()) co_return std::error_code();
  std::vector<std::byte> buffer(kBufferBytes);
  while (!body.is_over()) {
    std::string_view bytes = guest_.early();
    const bool is_early = !bytes.empty();
    if (!is_early) {
      const IoResult got = co_await guest_.channel().receive(buffer);
      client_failed_ = !got ? got.error() != asio::error::operation_aborted : *got == 0;
      if (!got || *got == 0) co_return std::make_error_code(std::errc::connection_reset);
      bytes = as_text(std::span(buffer).first(*got));
    }
    const auto own = body.take(bytes);
    if (!own) {
      client_failed_ = true;
      is_bad_request_ = true;
      note_failure(Error{own.error().code, "request", "its body is malformed: " + own.error().detail, {}});
      co_return std::make_error_code(std::errc::bad_message);
    }
    const std::error_code error = co_await send_all(*target_, bytes.substr(0, *own));
    if (error) co_return error;
    target_limit_->set(routes_.options.response_timeout);
    guest_.traffic().received_bytes += *own;
    std::string rest(bytes.substr(*own));
    guest_.early() = std::move(rest);
  }
  co_return std::error_code();
}

void HttpExchange::note_failure(Error error) {
  if (!failure_) failure_ = std::move(error);
}

Awaitable<IoResult> HttpExchange::receive_from_target() {
  buffer_.resize(kBufferBytes);
  target_limit_->set(routes_.options.response_timeout);
  const IoResult got = co_await target_->receive(buffer_);
  if (got) ahead_ += as_text(std::span(buffer_).first(*got));
  if (got) co_return got;
  if (target_limit_->has_passed()) {
    note_failure(Error{make_error_code(Errc::timed_out), "response of the target", "did not come in time", {}});
  } else {
    note_failure(target_->receive_error(got.error()));
  }
  co_return got;
}

// A client that takes nothing for so long is lost.
Awaitable<std::error_code> HttpExchange::send_to_client(std::string_view bytes) {
  ChannelDeadline limit(routes_.executor, guest_.channel(), routes_.clock);
  while (!bytes.empty()) {
    limit.set(routes_.options.response_timeout);
    const IoResult some = co_await guest_.channel().send(std::as_bytes(std::span(bytes)));
    if (!some) co_return some.error();
    bytes.remove_prefix(*some);
  }
  co_return std::error_code();
}

// With its empty line; what comes behind it stays ahead.
Awaitable<Result<std::string>> HttpExchange::receive_head() {
  for (std::size_t from = 0;;) {
    const std::size_t end = find_http_head_end(ahead_, from);
    if ((end == 0 ? ahead_.size() : end) > kProxyHttpLimits.head_bytes) {
      co_return make_error(Errc::malformed, "response of the target", "its head does not end within 64 KiB");
    }
    if (end > 0) {
      std::string head = ahead_.substr(0, end);
      ahead_.erase(0, end);
      co_return head;
    }
    from = ahead_.size() < 2 ? 0 : ahead_.size() - 2;  // the empty line may come in pieces
    const IoResult got = co_await receive_from_target();
    if (!got) co_return std::unexpected(*failure_);
    if (*got == 0) co_return std::unexpected(cut_response());
    has_said_ = true;
  }
}

Awaitable<HttpExchange::End> HttpExchange::receive_response() {
  constexpr unsigned kFinal = 200;
  constexpr unsigned kSwitching = 101;
  const std::string method = dialogue().request().method;
  while (status_ < kFinal) {
    auto text = co_await receive_head();
    if (!text) {
      note_failure(std::move(text).error());
      co_return has_said_ ? End::lost_target : End::nothing_came;
    }
    const auto head = parse_http_response_head(*text);
    const auto body = head ? HttpBodyEnd::of_response(*head, method) : std::unexpected(head.error());
    if (!body || head->status == kSwitching) {
      note_failure(!body ? bad_response(body.error())
                         : Error{make_error_code(Errc::malformed), "response of the target", "switches protocols", {}});
      co_return End::lost_target;
    }
    body_ = *body;
    const bool is_delimited = !body_.lasts_until_close();
    keeps_target_ = is_delimited && head->minor_version > 0 && !head->fields.has_token("connection", "close");
    keeps_client_ = is_delimited && dialogue().keeps_open();
    const std::string shown = response_for_client(*head, keeps_client_);
    const std::error_code error = co_await send_to_client(shown);
    if (error) co_return End::lost_client;
    guest_.traffic().sent_bytes += shown.size();
    status_ = head->status;
  }
  const End end = co_await pass_body();
  co_return end;
}

Awaitable<HttpExchange::End> HttpExchange::pass_body() {
  while (!body_.is_over()) {
    if (ahead_.empty()) {
      const IoResult got = co_await receive_from_target();
      if (got && *got == 0 && body_.lasts_until_close()) break;
      if (got && *got == 0) note_failure(cut_response());
      if (!got || *got == 0) co_return End::lost_target;
    }
    const auto own = body_.take(ahead_);
    if (!own) {
      note_failure(bad_response(own.error()));
      co_return End::lost_target;
    }
    const std::error_code error = co_await send_to_client(std::string_view(ahead_).substr(0, *own));
    if (error) co_return End::lost_client;
    guest_.traffic().sent_bytes += *own;
    ahead_.erase(0, *own);
  }
  co_return End::answered;
}

// A client that has had a part of a response must not take what follows for another one: its connection ends.
Awaitable<bool> HttpExchange::settle(End end) {
  const ProxyRequest& request = dialogue().request();
  const bool is_whole = end == End::answered && is_sent_;
  if (!is_whole || !keeps_target_ || !ahead_.empty()) target_.reset();
  if (end == End::answered) {
    report_granted(routes_.observer, guest_.id(), request, status_);
    dialogue().begin_next();
    if (is_whole && keeps_client_) co_return true;
    co_await guest_.part(CloseReason::finished, std::nullopt);
    co_return false;
  }
  if (is_bad_request_ && status_ == 0) {
    Error why = *std::move(failure_);
    co_await guest_.refuse_with(ProxyRefusal::malformed, CloseReason::refused, std::move(why));
    co_return false;
  }
  if (end == End::lost_client) {
    if (failure_) {
      const std::string why = failure_->message();
      report_refused(routes_.observer, guest_.id(), request, status_, why);
    }
    guest_.lose(std::make_error_code(std::errc::connection_reset));
    co_return false;
  }
  if (status_ == 0) {
    Error why = *std::move(failure_);
    co_await guest_.refuse(std::move(why));
    co_return false;
  }
  report_refused(routes_.observer, guest_.id(), request, status_, failure_->message());
  guest_.channel().abort();
  guest_.fail(*failure_);
  co_return false;
}

}  // namespace tcp::stream
