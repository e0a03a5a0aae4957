// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_greeter.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/proxy_event.hpp"
#include "libtcp/stream/resolve.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

using Stage = PairGreeting::Stage;

constexpr std::size_t kBytesAtATime = 4096;
constexpr unsigned kPiecesAtATime = 16;   // then the others have their turn
constexpr std::size_t kMostLookups = 64;  // at the same time: each is a thread

ssize_t receive_now(int fd, std::span<char> buffer, int flags) {
  ssize_t bytes = 0;
  do {
    bytes = ::recv(fd, buffer.data(), buffer.size(), flags | MSG_DONTWAIT);
  } while (bytes < 0 && errno == EINTR);
  return bytes;
}

}  // namespace

Result<std::unique_ptr<ProxyGreeter>> ProxyGreeter::open(const Executor& executor, const ProxyServerOptions& options,
                                                         WakeQueue<ForwardPair>& wakes, SessionObserver& observer,
                                                         const Clock& clock, Owner& owner) {
  TCP_TRY_ASSIGN(targets, ProxyTargets::load(options.targets));
  TCP_TRY_ASSIGN(secret, make_proxy_secret());
  return std::unique_ptr<ProxyGreeter>(
      new ProxyGreeter(executor, options, std::move(targets), std::move(secret), wakes, observer, clock, owner));
}

ProxyGreeter::ProxyGreeter(const Executor& executor, const ProxyServerOptions& options, ProxyTargets targets,
                           std::string secret, WakeQueue<ForwardPair>& wakes, SessionObserver& observer,
                           const Clock& clock, Owner& owner)
    : executor_(executor),
      options_(options),
      targets_(std::move(targets)),
      wakes_(wakes),
      observer_(observer),
      clock_(clock),
      owner_(owner) {
  if (options.credentials) authentication_.emplace(*options.credentials, std::move(secret));
}

void ProxyGreeter::start(ForwardPair& pair) {
  pair.greeting = std::make_unique<PairGreeting>();
  pair.greeting->dialogue = make_proxy_server(options_.kind, authentication_ ? &*authentication_ : nullptr);
  pair.greeting->deadline = deadline_after(clock_.now(), options_.request_timeout);
  wakes_.set(pair, pair.wake, pair.greeting->deadline);
  listen(pair);
}

void ProxyGreeter::handle(ForwardPair& pair) {
  switch (pair.greeting->stage) {
    case Stage::request: return listen(pair);
    case Stage::farewell: return drain(pair);
    default: return lose(pair, pending_error(pair.end(Side::client).socket.get()));
  }
}

// What has come of the request, and no byte more: what is behind it stays in the socket.
void ProxyGreeter::listen(ForwardPair& pair) {
  const int fd = pair.end(Side::client).socket.get();
  std::array<char, kBytesAtATime> buffer;
  for (unsigned i = 0; i < kPiecesAtATime; ++i) {
    const ssize_t bytes = receive_now(fd, buffer, MSG_PEEK);
    if (bytes < 0 && errno == EAGAIN) break;
    if (bytes <= 0) return lose(pair, {bytes < 0 ? errno : 0, std::generic_category()});
    if (!take(pair, std::string_view(buffer.data(), static_cast<std::size_t>(bytes)))) return;
  }
  owner_.watch_client(pair, EPOLLIN);
}

// False when there is nothing more to read now.
bool ProxyGreeter::take(ForwardPair& pair, std::string_view bytes) {
  ProxyServerDialogue& dialogue = *pair.greeting->dialogue;
  ProxyServerTurn turn = dialogue.receive(bytes, clock_.now());
  std::array<char, kBytesAtATime> taken;
  (void)receive_now(pair.end(Side::client).socket.get(), std::span(taken).first(turn.taken), 0);
  if (!say(pair, turn.output)) return false;
  switch (turn.state) {
    case ProxyServerTurn::State::more:
      if (!turn.why.empty()) report_refused(observer_, pair.id, dialogue.request(), turn.code, turn.why);
      return true;
    case ProxyServerTurn::State::refused:
      part(pair, turn.code, CloseReason::refused,
           Error{make_error_code(code_of(turn.refusal)), "proxy request", std::move(turn.why), {}});
      return false;
    case ProxyServerTurn::State::requested: break;
  }
  owner_.watch_client(pair, 0);
  if (dialogue.request().command != ProxyCommand::connect) {
    pair.greeting->stage = Stage::beyond;
    wakes_.remove(pair.wake);
    owner_.on_more_asked(pair);
  } else {
    settle_target(pair);
  }
  return false;
}

// It is so little that it fits, unless a client reads nothing on purpose.
bool ProxyGreeter::say(ForwardPair& pair, std::string_view bytes) {
  if (bytes.empty()) return true;
  const auto raw = std::as_bytes(std::span(bytes));
  const std::error_code error = send_first(pair.end(Side::client).socket.get(), raw, false);
  if (error) lose(pair, error);
  return !error;
}

void ProxyGreeter::lose(ForwardPair& pair, std::error_code error) {
  const Address& client = pair.addresses.remote;
  if (error) return owner_.on_parted(pair, CloseReason::connection_failed, connection_error(client, error));
  owner_.on_parted(pair, CloseReason::refused, left_before_tunnel());
}

void ProxyGreeter::settle_target(ForwardPair& pair) {
  const auto literal = parse_ip_address(pair.greeting->dialogue->request().target.host);
  if (!literal) return look_up(pair);
  auto addresses = literal_address(literal->unmapped(), options_.dial.family);
  if (!addresses) return refuse(pair, std::move(addresses).error());
  go_to(pair, *addresses);
}

void ProxyGreeter::look_up(ForwardPair& pair) {
  pair.greeting->stage = Stage::lookup;
  pair.greeting->deadline = deadline_after(clock_.now(), options_.dial.timeout);
  wakes_.set(pair, pair.wake, pair.greeting->deadline);
  looking_up_.emplace(pair.id, &pair);
  unasked_.push_back(pair.id);
  start_lookups();
}

void ProxyGreeter::start_lookups() {
  while (lookups_ < kMostLookups && !unasked_.empty()) {
    const std::uint64_t id = unasked_.front();
    unasked_.pop_front();
    const auto found = looking_up_.find(id);
    if (found == looking_up_.end()) continue;
    ++lookups_;
    const PairGreeting& greeting = *found->second->greeting;
    asio::co_spawn(executor_, resolve(id, greeting.dialogue->request().target.host, greeting.deadline), asio::detached);
  }
}

Awaitable<void> ProxyGreeter::resolve(std::uint64_t id, std::string host, MonotonicTime deadline) {
  net::ResolveOptions lookup;
  lookup.family = options_.dial.family;
  lookup.numeric_only = options_.dial.numeric_only;
  const auto addresses = co_await resolve_until(executor_, std::move(host), lookup, options_.dial.resolver, deadline);
  answer(id, addresses);
}

void ProxyGreeter::answer(std::uint64_t id, const Result<std::vector<IpAddress>>& addresses) {
  --lookups_;
  if (const auto found = looking_up_.find(id); found != looking_up_.end()) {
    ForwardPair& pair = *found->second;
    looking_up_.erase(found);
    if (addresses) {
      go_to(pair, *addresses);
    } else {
      refuse(pair, addresses.error());
    }
  }
  start_lookups();
  owner_.on_lookup_over();
}

void ProxyGreeter::go_to(ForwardPair& pair, const std::vector<IpAddress>& addresses) {
  auto permitted = targets_.permitted(addresses, pair.addresses.remote);
  const HostTarget& target = pair.greeting->dialogue->request().target;
  if (permitted.empty())
    return refuse_with(pair, ProxyRefusal::not_allowed, CloseReason::refused, denied_target(target));
  pair.greeting->stage = Stage::dial;
  wakes_.remove(pair.wake);
  auto dial = std::make_unique<DialOptions>(options_.dial);
  dial->target = target;
  dial->addresses = std::move(permitted);
  owner_.on_requested(pair, std::move(dial));
}

bool ProxyGreeter::grant(ForwardPair& pair, int target) {
  const ProxyReply reply = pair.greeting->dialogue->granted(local_endpoint(target));
  if (!say(pair, reply.bytes)) return false;
  report_granted(observer_, pair.id, pair.greeting->dialogue->request(), reply.code);
  pair.greeting.reset();
  return true;
}

void ProxyGreeter::refuse(ForwardPair& pair, Error error) {
  const ProxyRefusal refusal = refusal_of(error);
  refuse_with(pair, refusal, CloseReason::target_failed, std::move(error));
}

void ProxyGreeter::refuse_with(ForwardPair& pair, ProxyRefusal refusal, CloseReason reason, Error error) {
  const ProxyReply reply = pair.greeting->dialogue->refused(refusal, error.message());
  if (say(pair, reply.bytes)) part(pair, reply.code, reason, std::move(error));
}

// Closing at once would be a reset where there is something unread, and take the reply with it.
void ProxyGreeter::part(ForwardPair& pair, unsigned code, CloseReason reason, Error error) {
  PairGreeting& greeting = *pair.greeting;
  report_refused(observer_, pair.id, greeting.dialogue->request(), code, error.message());
  greeting.stage = Stage::farewell;
  greeting.reason = reason;
  greeting.error = std::move(error);
  greeting.deadline = clock_.now() + kProxyFarewell;
  (void)::shutdown(pair.end(Side::client).socket.get(), SHUT_WR);
  wakes_.set(pair, pair.wake, greeting.deadline);
  drain(pair);
}

void ProxyGreeter::drain(ForwardPair& pair) {
  PairGreeting& greeting = *pair.greeting;
  const int fd = pair.end(Side::client).socket.get();
  std::array<char, kBytesAtATime> buffer;
  ssize_t bytes = 0;
  for (unsigned i = 0; i < kPiecesAtATime && greeting.drained < kMostProxyDrained; ++i) {
    bytes = receive_now(fd, buffer, 0);
    if (bytes <= 0) break;
    greeting.drained += static_cast<std::size_t>(bytes);
  }
  const bool is_waiting = bytes > 0 || (bytes < 0 && errno == EAGAIN);
  if (is_waiting && greeting.drained < kMostProxyDrained) return owner_.watch_client(pair, EPOLLIN);
  owner_.on_parted(pair, greeting.reason, std::move(greeting.error));
}

void ProxyGreeter::wake(ForwardPair& pair) {
  PairGreeting& greeting = *pair.greeting;
  if (greeting.stage == Stage::farewell) return owner_.on_parted(pair, greeting.reason, std::move(greeting.error));
  if (greeting.stage == Stage::lookup) {
    looking_up_.erase(pair.id);
    const std::string host = greeting.dialogue->request().target.host;
    return refuse(pair, Error{make_error_code(Errc::timed_out), "resolve " + host, {}, {}});
  }
  refuse_with(pair, ProxyRefusal::too_slow, CloseReason::refused, not_ended_in_time());
}

void ProxyGreeter::drop(ForwardPair& pair) {
  looking_up_.erase(pair.id);
  pair.greeting.reset();
}

Result<void> ProxyGreeter::reload() {
  TCP_TRY_ASSIGN(targets, ProxyTargets::load(options_.targets));
  targets_ = std::move(targets);
  return {};
}

}  // namespace tcp::stream
