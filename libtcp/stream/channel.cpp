// SPDX-License-Identifier: MIT
#include "libtcp/stream/channel.hpp"

#include <algorithm>

#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr std::chrono::milliseconds kShortestPause{1};
constexpr std::chrono::milliseconds kLongestPause{64};

std::string why(std::error_code code) {
  if (code == std::errc::connection_reset) return "the peer reset the connection";
  if (code == std::errc::broken_pipe) return "the peer closed before it had everything";
  if (code == std::errc::timed_out) return "the peer acknowledges nothing any more";
  return {};
}

}  // namespace

Error connection_error(const Address& remote, std::error_code code) {
  return {code, "connection with " + to_string(remote), why(code), {}};
}

Result<std::unique_ptr<Channel>> Channel::open(const Executor& executor, UniqueFd socket,
                                               std::unique_ptr<Transport> transport,
                                               std::optional<AddressPair> addresses) {
  if (!addresses) addresses = AddressPair{local_address(socket.get()), remote_address(socket.get())};
  TCP_TRY_ASSIGN(ready, ReadyFd::open(executor, std::move(socket), "a connection"));
  return std::unique_ptr<Channel>(new Channel(executor, std::move(ready), std::move(transport), *std::move(addresses)));
}

Channel::Channel(const Executor& executor, ReadyFd socket, std::unique_ptr<Transport> transport, AddressPair addresses)
    : socket_(std::move(socket)),
      transport_(std::move(transport)),
      pause_(executor),
      addresses_(std::move(addresses)) {}

Awaitable<std::error_code> Channel::prepare() {
  for (;;) {
    const Attempt attempt = transport_->prepare();
    if (attempt.error || attempt.want == Want::nothing) co_return attempt.error;
    const std::error_code error = co_await wait(attempt.want);
    if (error) co_return error;
  }
}

Awaitable<IoResult> Channel::receive(std::span<std::byte> buffer) {
  for (;;) {
    const Attempt attempt = transport_->receive(buffer);
    if (attempt.error) co_return std::unexpected(attempt.error);
    if (attempt.want == Want::nothing) co_return attempt.bytes;
    const std::error_code error = co_await wait(attempt.want);
    if (error) co_return std::unexpected(error);
  }
}

Awaitable<IoResult> Channel::send(std::span<const std::byte> bytes) {
  for (;;) {
    const Attempt attempt = transport_->send(bytes);
    if (attempt.error) co_return std::unexpected(attempt.error);
    if (attempt.want == Want::nothing) co_return attempt.bytes;
    const std::error_code error = co_await wait(attempt.want);
    if (error) co_return std::unexpected(error);
  }
}

Awaitable<std::error_code> Channel::finish_sending() {
  for (;;) {
    const Attempt attempt = transport_->finish_sending();
    if (attempt.error || attempt.want == Want::nothing) co_return attempt.error;
    const std::error_code error = co_await wait(attempt.want);
    if (error) co_return error;
  }
}

Awaitable<std::error_code> Channel::confirm_delivery(Duration patience) {
  int last = unacknowledged_bytes(socket_.get());
  Duration waited{};
  auto pause = kShortestPause;
  while (last > 0) {
    if (waited >= patience) co_return std::make_error_code(std::errc::timed_out);
    pause_.expires_after(pause);
    auto [cancelled] = co_await pause_.async_wait(kToken);
    if (cancelled) co_return cancelled;
    const int now = unacknowledged_bytes(socket_.get());
    waited = now == last ? waited + pause : Duration();
    last = now;
    pause = std::min(pause * 2, kLongestPause);
  }
  co_return transport_->delivery(pending_error(socket_.get()));
}

void Channel::cancel() noexcept {
  socket_.cancel();
  pause_.cancel();
}

void Channel::abort() noexcept { set_abort(socket_.get()); }

Error Channel::receive_error(std::error_code code) const { return connection_error(addresses_.remote, code); }

std::pair<UniqueFd, std::unique_ptr<Transport>> Channel::release() {
  return {socket_.release(), std::move(transport_)};
}

RawEnd Channel::raw() noexcept {
  if (!transport_->is_plain()) return {};
  return {&socket_, DescriptorKind::socket};
}

Awaitable<std::error_code> Channel::wait(Want want) {
  if (want == Want::gone) return socket_.broken();
  return want == Want::readable ? socket_.readable() : socket_.writable();
}

Result<std::unique_ptr<Channel>> make_plain_channel(const Executor& executor, UniqueFd socket) {
  auto transport = make_plain_transport(socket.get());
  return Channel::open(executor, std::move(socket), std::move(transport));
}

Awaitable<std::error_code> send_all(Channel& channel, std::string_view bytes) {
  std::span<const std::byte> rest = std::as_bytes(std::span(bytes));
  while (!rest.empty()) {
    const IoResult sent = co_await channel.send(rest);
    if (!sent) co_return sent.error();
    rest = rest.subspan(*sent);
  }
  co_return std::error_code();
}

}  // namespace tcp::stream
