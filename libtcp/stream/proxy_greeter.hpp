// SPDX-License-Identifier: MIT
// What a proxy server's clients say before their tunnel stands, for very many of them: no coroutine and no buffer for
// each, one that says nothing is a place in a queue of deadlines.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/forward_pair.hpp"
#include "libtcp/stream/proxy_server_options.hpp"
#include "libtcp/stream/proxy_targets.hpp"

namespace tcp::stream {

class ProxyGreeter {
 public:
  // Who is told what became of a pair, and does what is asked for.
  class Owner {
   public:
    virtual ~Owner() = default;
    // `events` of the client's socket, none: only that it is gone.
    virtual void watch_client(ForwardPair& pair, std::uint32_t events) = 0;
    // It is to be joined with this target, whose addresses are known; granted() or refused() follows.
    virtual void on_requested(ForwardPair& pair, std::unique_ptr<DialOptions> target) = 0;
    // It asks for more than a tunnel; see PairGreeting.
    virtual void on_more_asked(ForwardPair& pair) = 0;
    virtual void on_parted(ForwardPair& pair, CloseReason reason, std::optional<Error> error) = 0;
    // After a lookup, outside the turns of the event queue.
    virtual void on_lookup_over() = 0;
  };

  // The references must outlive it. Errors: AccessList::load()'s; no random bytes.
  [[nodiscard]] static Result<std::unique_ptr<ProxyGreeter>> open(const Executor& executor,
                                                                  const ProxyServerOptions& options,
                                                                  WakeQueue<ForwardPair>& wakes,
                                                                  SessionObserver& observer, const Clock& clock,
                                                                  Owner& owner);

  // Each may tell the owner before it returns.
  void start(ForwardPair& pair);
  void handle(ForwardPair& pair);  // there is something to read, or the client is gone
  void wake(ForwardPair& pair);
  // The target is reached by this socket: says so, and the greeting is over. False when the client is gone.
  [[nodiscard]] bool grant(ForwardPair& pair, int target);
  void refuse(ForwardPair& pair, Error error);

  // The pair goes: nothing more is told of it.
  void drop(ForwardPair& pair);

  // Reads the files of the targets again. Errors: the list stays what it was.
  [[nodiscard]] Result<void> reload();

 private:
  ProxyGreeter(const Executor& executor, const ProxyServerOptions& options, ProxyTargets targets, std::string secret,
               WakeQueue<ForwardPair>& wakes, SessionObserver& observer, const Clock& clock, Owner& owner);

  void listen(ForwardPair& pair);
  [[nodiscard]] bool take(ForwardPair& pair, std::string_view bytes);
  [[nodiscard]] bool say(ForwardPair& pair, std::string_view bytes);
  void lose(ForwardPair& pair, std::error_code error);
  void settle_target(ForwardPair& pair);
  void look_up(ForwardPair& pair);
  void start_lookups();
  [[nodiscard]] Awaitable<void> resolve(std::uint64_t id, std::string host, MonotonicTime deadline);
  void answer(std::uint64_t id, const Result<std::vector<IpAddress>>& addresses);
  void go_to(ForwardPair& pair, const std::vector<IpAddress>& addresses);
  void part(ForwardPair& pair, unsigned code, CloseReason reason, Error error);
  void refuse_with(ForwardPair& pair, ProxyRefusal refusal, CloseReason reason, Error error);
  void drain(ForwardPair& pair);

  Executor executor_;
  const ProxyServerOptions& options_;
  ProxyTargets targets_;
  std::optional<ProxyAuthentication> authentication_;
  WakeQueue<ForwardPair>& wakes_;
  SessionObserver& observer_;
  const Clock& clock_;
  Owner& owner_;
  std::unordered_map<std::uint64_t, ForwardPair*> looking_up_;  // by id
  std::deque<std::uint64_t> unasked_;                           // of those, who waits for a lookup to end
  std::size_t lookups_ = 0;
};

}  // namespace tcp::stream
