// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_reception.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/socket.hpp"
#include "libtcp/stream/socket_deadline.hpp"

namespace tcp::stream {
namespace {

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
    : Vestibule(executor, std::move(accept), clock),
      options_(options),
      trusted_(std::move(trusted)),
      observer_(observer) {}

// No rule at all would be a list that permits everybody.
bool ProxyReception::is_trusted(const Address& peer) const {
  const auto* endpoint = std::get_if<Endpoint>(&peer);
  if (endpoint == nullptr) return options_.from_unix;
  return !options_.from.empty() && trusted_.permits(endpoint->address);
}

std::optional<ProxiedArrival> ProxyReception::admit(Accepted accepted) {
  if (!is_trusted(accepted.addresses.remote)) {
    set_abort(accepted.socket.get());
    accepted.socket.reset();
    const Rejected rejected{accepted.addresses.remote, RejectReason::untrusted, std::nullopt};
    observer_.on_rejected(rejected);
    return std::nullopt;
  }
  auto ready = ReadyFd::open(executor(), std::move(accepted.socket), "a connection");
  if (ready) return ProxiedArrival{std::move(*ready), std::move(accepted.addresses)};
  observer_.on_warning(ready.error());
  return std::nullopt;
}

Awaitable<void> ProxyReception::greet(Arrivals::iterator arrival) {
  std::optional<SocketDeadline> limit;
  limit.emplace(executor(), arrival->socket(), deadline_after(clock().now(), options_.timeout));
  auto header = co_await read_header(arrival->ready);
  const bool is_late = limit->has_passed();
  limit.reset();
  ProxiedArrival left = see_off(arrival);
  if (is_closed()) co_return;
  Accepted client;
  client.socket = left.ready.release();
  client.addresses = std::move(left.addresses);
  if (header && !is_late) {
    welcome_client(std::move(client), std::move(*header));
  } else {
    turn_away(client, is_late ? Error{make_error_code(Errc::timed_out), {}, {}, {}} : std::move(header).error());
  }
}

void ProxyReception::welcome_client(Accepted client, ProxyHeader header) {
  const Address proxy = client.addresses.remote;
  if (header.addresses) client.addresses = std::move(*header.addresses);
  client.addresses.via = proxy;
  let_in(std::move(client));
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

Result<void> ProxyReception::reload() {
  TCP_TRY_ASSIGN(trusted, AccessList::load(options_.rules()));
  trusted_ = std::move(trusted);
  return {};
}

}  // namespace tcp::stream
