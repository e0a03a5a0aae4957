// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_reception.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/socket.hpp"
#include "libtcp/stream/socket_deadline.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostPresent = 1024;  // the others wait in the kernel's queue
constexpr std::size_t kBytesAtATime = 4096;

// -1 with errno.
ssize_t receive_now(int fd, std::span<std::byte> buffer, int flags) {
  ssize_t bytes = 0;
  do {
    bytes = ::recv(fd, buffer.data(), buffer.size(), flags | MSG_DONTWAIT);
  } while (bytes < 0 && errno == EINTR);
  return bytes;
}

// Takes what has come of the header, and no byte more: what is behind it stays in the socket. Nothing while there is
// more to come.
Result<std::optional<ProxyHeader>> take_header(int fd, std::vector<std::byte>& header) {
  std::array<std::byte, kBytesAtATime> chunk{};
  const ssize_t seen = receive_now(fd, chunk, MSG_PEEK);
  if (seen < 0 && errno == EAGAIN) return std::nullopt;
  if (seen < 0) return system_error("PROXY protocol header");
  if (seen == 0) return make_error(Errc::malformed, "PROXY protocol header", "the connection ended before it did");
  const std::size_t before = header.size();
  header.insert(header.end(), chunk.begin(), chunk.begin() + seen);
  auto parsed = parse_proxy_header(header);
  if (!parsed) return parsed;
  if (*parsed) header.resize((*parsed)->size);
  const std::size_t own = header.size() - before;
  if (receive_now(fd, std::span(chunk).first(own), 0) != static_cast<ssize_t>(own)) {
    return system_error("PROXY protocol header");
  }
  return parsed;
}

Awaitable<Result<ProxyHeader>> read_header(ReadyFd& socket) {
  std::vector<std::byte> header;
  for (;;) {
    const std::error_code error = co_await socket.readable();
    if (error) co_return std::unexpected(Error{error, "PROXY protocol header", {}, {}});
    auto taken = take_header(socket.get(), header);
    if (!taken) co_return std::unexpected(std::move(taken).error());
    if (*taken) co_return std::move(**taken);
  }
}

}  // namespace

Result<std::unique_ptr<ProxyReception>> ProxyReception::open(const Executor& executor,
                                                             const ProxyProtocolOptions& options, Accept accept,
                                                             SessionObserver& observer, const Clock& clock) {
  TCP_TRY_ASSIGN(trusted, AccessList::load(options.rules()));
  return std::unique_ptr<ProxyReception>(
      new ProxyReception(executor, options, std::move(trusted), std::move(accept), observer, clock));
}

ProxyReception::ProxyReception(const Executor& executor, const ProxyProtocolOptions& options, AccessList trusted,
                               Accept accept, SessionObserver& observer, const Clock& clock)
    : executor_(executor),
      options_(options),
      trusted_(std::move(trusted)),
      accept_(std::move(accept)),
      observer_(observer),
      clock_(clock),
      news_(executor),
      room_(executor) {}

Awaitable<Result<Accepted>> ProxyReception::next(MonotonicTime deadline) {
  if (!std::exchange(open_, true)) asio::co_spawn(executor_, accept_all(), asio::detached);
  while (ready_.empty() && !failure_ && !closed_) {
    if (clock_.now() >= deadline) co_return Accepted();
    news_.expires_at(deadline);
    auto [ignored] = co_await news_.async_wait(kToken);
    (void)ignored;
  }
  if (closed_) co_return Accepted();
  if (ready_.empty()) co_return std::unexpected(*failure_);
  Accepted client = std::move(ready_.front());
  ready_.pop_front();
  room_.cancel();
  co_return client;
}

Awaitable<void> ProxyReception::accept_all() {
  while (!closed_) {
    while (present() >= kMostPresent && !closed_) {
      room_.expires_at(Timer::time_point::max());
      auto [ignored] = co_await room_.async_wait(kToken);
      (void)ignored;
    }
    if (closed_) co_return;
    auto accepted = co_await accept_();
    if (closed_) co_return;
    if (!accepted) {
      failure_ = std::move(accepted).error();
      news_.cancel();
      co_return;
    }
    if (!accepted->socket) co_return;
    admit(std::move(*accepted));
  }
}

// No rule at all would be a list that permits everybody.
bool ProxyReception::is_trusted(const Address& peer) const {
  const auto* endpoint = std::get_if<Endpoint>(&peer);
  if (endpoint == nullptr) return options_.from_unix;
  return !options_.from.empty() && trusted_.permits(endpoint->address);
}

void ProxyReception::admit(Accepted accepted) {
  if (!is_trusted(accepted.addresses.remote)) {
    set_abort(accepted.socket.get());
    accepted.socket.reset();
    const Rejected rejected{accepted.addresses.remote, RejectReason::untrusted, std::nullopt};
    return observer_.on_rejected(rejected);
  }
  auto ready = ReadyFd::open(executor_, std::move(accepted.socket), "a connection");
  if (!ready) return observer_.on_warning(ready.error());
  arriving_.push_back({std::move(*ready), std::move(accepted.addresses)});
  asio::co_spawn(executor_, greet(std::prev(arriving_.end())), asio::detached);
}

Awaitable<void> ProxyReception::greet(Arrivals::iterator arrival) {
  std::optional<SocketDeadline> limit;
  limit.emplace(executor_, arrival->socket.get(), deadline_after(clock_.now(), options_.timeout));
  auto header = co_await read_header(arrival->socket);
  const bool is_late = limit->has_passed();
  limit.reset();
  Accepted client;
  client.socket = arrival->socket.release();
  client.addresses = std::move(arrival->addresses);
  arriving_.erase(arrival);
  room_.cancel();
  if (closed_) co_return;
  if (!header || is_late) {
    turn_away(client, is_late ? Error{make_error_code(Errc::timed_out), {}, {}, {}} : std::move(header).error());
    co_return;
  }
  const Address proxy = client.addresses.remote;
  if (header->addresses) client.addresses = std::move(*header->addresses);
  client.addresses.via = proxy;
  ready_.push_back(std::move(client));
  news_.cancel();
}

void ProxyReception::turn_away(Accepted& accepted, Error error) {
  HandshakeFailed event;
  event.addresses = accepted.addresses;
  event.error = std::move(error);
  event.error.attempt = "PROXY protocol header from " + to_string(accepted.addresses.remote);
  set_abort(accepted.socket.get());
  accepted.socket.reset();
  observer_.on_handshake_failed(event);
}

void ProxyReception::close() {
  closed_ = true;
  ready_.clear();
  for (Arrival& each : arriving_) ::shutdown(each.socket.get(), SHUT_RDWR);
  news_.cancel();
  room_.cancel();
}

Result<void> ProxyReception::reload() {
  TCP_TRY_ASSIGN(trusted, AccessList::load(options_.rules()));
  trusted_ = std::move(trusted);
  return {};
}

}  // namespace tcp::stream
