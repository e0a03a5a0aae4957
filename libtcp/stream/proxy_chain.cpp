// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_chain.hpp"

#include <array>
#include <random>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/prefix_transport.hpp"
#include "libtcp/stream/proxy_dialogue.hpp"
#include "libtcp/stream/resolve.hpp"
#include "libtcp/stream/socket_deadline.hpp"
#include "libtcp/stream/tls_handshake.hpp"

// GCC 12 sees one half of Asio's pair of allocation and release when coroutines are inlined into each other.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace tcp::stream {
namespace {

constexpr std::size_t kReadSize = 4096;

// What lasts from one connection with a proxy to the next.
struct Hop {
  Hop(const Proxy& is, HostTarget leads_to, std::string client_nonce)
      : proxy(is), target(std::move(leads_to)), authorization(is.credentials, std::move(client_nonce)) {}
  Proxy proxy;
  HostTarget target;  // the next proxy, or the target itself
  ProxyAuthorization authorization;
  std::unique_ptr<TlsContext> tls;  // null: none
  std::string name;                 // in errors
};

struct Chain {
  std::vector<Hop> hops;
  MonotonicTime deadline;
};

std::string make_client_nonce() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string nonce;
  for (int i = 0; i < 32; ++i) nonce += kDigits[random() % kDigits.size()];
  return nonce;
}

std::string name_of(const Proxy& proxy, std::size_t index, std::size_t count) {
  std::string name = "proxy " + to_string(proxy);
  if (count > 1) name += " (" + std::to_string(index + 1) + " of " + std::to_string(count) + ")";
  return name;
}

Error at_proxy(const Hop& hop, Error error) {
  error.attempt = error.attempt.empty() ? hop.name : hop.name + ": " + error.attempt;
  return error;
}

Error timeout_at(const Hop& hop) { return {make_error_code(Errc::timed_out), hop.name, {}, {}}; }

Result<Chain> make_chain(const DialOptions& options, const Clock& clock) {
  const auto* target = std::get_if<HostTarget>(&options.target);
  if (target == nullptr) return make_error(Errc::unsupported, "a proxy", "does not lead to a Unix-domain socket");
  Chain chain;
  chain.deadline = deadline_after(clock.now(), options.timeout);
  const std::size_t count = options.proxies.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Proxy& proxy = options.proxies[i];
    Hop& hop = chain.hops.emplace_back(proxy, i + 1 < count ? options.proxies[i + 1].at : *target, make_client_nonce());
    hop.name = name_of(proxy, i, count);
    if (proxy.kind != ProxyKind::https) continue;
    const TlsClientOptions tls = options.proxy_tls.value_or(TlsClientOptions{});
    TCP_TRY_ASSIGN(context, make_tls_client(tls, proxy.at.host, clock));
    hop.tls = std::move(context);
  }
  return chain;
}

// For what is bounded by a duration of its own. Nothing: there is none left.
std::optional<Duration> time_left(MonotonicTime deadline, const Clock& clock) {
  if (deadline == MonotonicTime::max()) return Duration();
  const MonotonicTime now = clock.now();
  if (now >= deadline) return std::nullopt;
  return deadline - now;
}

Awaitable<Result<Dialed>> dial_first(Executor executor, const DialOptions& options, const Chain& chain,
                                     SessionObserver& observer, const Clock& clock) {
  DialOptions first = options;
  first.target = chain.hops.front().proxy.at;
  first.addresses.clear();
  const auto left = time_left(chain.deadline, clock);
  if (!left) co_return std::unexpected(timeout_at(chain.hops.front()));
  first.timeout = *left;
  auto dialed = co_await dial(executor, first, observer, clock);
  if (!dialed) co_return std::unexpected(at_proxy(chain.hops.front(), std::move(dialed).error()));
  co_return dialed;
}

// The target as the proxy is told it.
Awaitable<Result<HostTarget>> target_for(Executor executor, const Hop& hop, const DialOptions& options,
                                         MonotonicTime deadline) {
  if (!resolves_here(hop.proxy.kind) || parse_ip_address(hop.target.host)) co_return hop.target;
  net::ResolveOptions lookup;
  lookup.family = hop.proxy.kind == ProxyKind::socks4 ? Family::v4 : options.family;
  lookup.numeric_only = options.numeric_only;
  auto addresses = co_await resolve_until(executor, hop.target.host, lookup, options.resolver, deadline);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  co_return HostTarget{to_string(addresses->front()), hop.target.port};
}

// Until the dialogue is over, one way or the other.
Awaitable<ProxyTurn> converse(Channel& channel, ProxyDialogue& dialogue) {
  ProxyTurn turn;
  auto begin = dialogue.begin();
  if (!begin) co_return proxy_failure(begin.error().code, begin.error().message());
  turn.output = std::move(*begin);
  std::array<std::byte, kReadSize> buffer;
  while (turn.state == ProxyTurn::State::more) {
    const std::error_code error = co_await send_all(channel, turn.output);
    // A proxy that closed may have said why before.
    if (error && error != std::errc::broken_pipe) co_return proxy_failure(error, {});
    const auto size = co_await channel.receive(buffer);
    if (!size) co_return proxy_failure(size.error(), {});
    if (*size == 0) co_return proxy_failure(Errc::malformed, "it closed the connection before its answer was complete");
    turn = dialogue.receive(std::string_view(reinterpret_cast<const char*>(buffer.data()), *size));
  }
  co_return turn;
}

Awaitable<Result<std::unique_ptr<Channel>>> greet(Executor executor, UniqueFd socket,
                                                  std::unique_ptr<Transport> transport, const Hop& hop,
                                                  MonotonicTime deadline, const Clock& clock) {
  if (!hop.tls) co_return Channel::open(executor, std::move(socket), std::move(transport));
  auto tls = make_tls_channel(executor, std::move(socket), *hop.tls, std::move(transport));
  if (!tls) co_return std::unexpected(std::move(tls).error());
  const auto session = co_await shake_hands(executor, *tls, deadline, clock);
  if (!session) co_return std::unexpected(session.error());
  co_return std::move(tls->channel);
}

// Through one proxy: `tunnel` leads to it, and then beyond. False: it has to be asked again.
Awaitable<Result<bool>> pass(Executor executor, Tunnel& tunnel, Hop& hop, const DialOptions& options,
                             MonotonicTime deadline, const Clock& clock) {
  const auto target = co_await target_for(executor, hop, options, deadline);
  if (!target) co_return std::unexpected(target.error());
  auto dialogue = make_proxy_dialogue(hop.proxy, *target, hop.authorization);
  if (!dialogue) co_return std::unexpected(std::move(dialogue).error());
  UniqueFd before = std::move(tunnel.dialed.socket);
  auto below = std::move(tunnel.transport);
  auto channel = co_await greet(executor, std::move(before), std::move(below), hop, deadline, clock);
  if (!channel) co_return std::unexpected(std::move(channel).error());
  ProxyTurn turn;
  {
    const SocketDeadline limit(executor, (*channel)->socket(), deadline);
    turn = co_await converse(**channel, **dialogue);
    if (limit.has_passed()) co_return make_error(Errc::timed_out, {});
  }
  if (turn.state == ProxyTurn::State::failed) co_return std::unexpected(std::move(turn.error));
  if (turn.state == ProxyTurn::State::challenged) co_return false;
  auto [socket, transport] = (*channel)->release();
  tunnel.dialed.socket = std::move(socket);
  tunnel.transport = std::move(transport);
  if (!turn.payload.empty()) {
    tunnel.transport = make_prefix_transport(std::move(turn.payload), std::move(tunnel.transport));
  }
  co_return true;
}

// Nothing: a proxy has asked who we are, and is to be told on a new connection.
Awaitable<Result<std::optional<Tunnel>>> try_chain(Executor executor, Chain& chain, const DialOptions& options,
                                                   SessionObserver& observer, const Clock& clock) {
  auto dialed = co_await dial_first(executor, options, chain, observer, clock);
  if (!dialed) co_return std::unexpected(std::move(dialed).error());
  std::optional<Tunnel> tunnel(std::in_place);
  tunnel->dialed = std::move(*dialed);
  tunnel->transport = make_plain_transport(tunnel->dialed.socket.get());
  for (Hop& hop : chain.hops) {
    auto passed = co_await pass(executor, *tunnel, hop, options, chain.deadline, clock);
    if (!passed) co_return std::unexpected(at_proxy(hop, std::move(passed).error()));
    if (!*passed) co_return std::optional<Tunnel>();
  }
  co_return tunnel;
}

Awaitable<Result<Tunnel>> dial_directly(Executor executor, const DialOptions& options, SessionObserver& observer,
                                        const Clock& clock) {
  auto dialed = co_await dial(executor, options, observer, clock);
  if (!dialed) co_return std::unexpected(std::move(dialed).error());
  Tunnel tunnel;
  tunnel.dialed = std::move(*dialed);
  tunnel.transport = make_plain_transport(tunnel.dialed.socket.get());
  co_return tunnel;
}

}  // namespace

Awaitable<Result<Tunnel>> open_tunnel(Executor executor, const DialOptions& options, SessionObserver& observer,
                                      const Clock& clock) {
  if (options.proxies.empty()) co_return co_await dial_directly(executor, options, observer, clock);
  auto chain = make_chain(options, clock);
  if (!chain) co_return std::unexpected(std::move(chain).error());
  for (;;) {  // each proxy asks a bounded number of times
    auto tunnel = co_await try_chain(executor, *chain, options, observer, clock);
    if (!tunnel) co_return std::unexpected(std::move(tunnel).error());
    if (*tunnel) co_return std::move(**tunnel);
  }
}

}  // namespace tcp::stream
