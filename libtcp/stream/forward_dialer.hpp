// SPDX-License-Identifier: MIT
// Finds each pair a target that answers, in the balancer's order, without a coroutine for each: attempts are watched in
// the forwarder's event queue, and all who wait for the same name share one lookup.
#pragma once

#include <unordered_map>
#include <vector>

#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/event_queue.hpp"
#include "libtcp/stream/forward_pair.hpp"
#include "libtcp/stream/forward_targets.hpp"

namespace tcp::stream {

class ForwardDialer {
 public:
  // Who is told what became of a pair.
  class Owner {
   public:
    virtual ~Owner() = default;
    // The socket is watched already when it was dialled to a host.
    virtual void on_reached(ForwardPair& pair, Dialed dialed) = 0;
    virtual void on_unreachable(ForwardPair& pair, std::optional<Error> error) = 0;
    // After a lookup, outside the turns of the event queue.
    virtual void on_lookup_over() = 0;
  };

  // The references must outlive it.
  ForwardDialer(const Executor& executor, EventQueue& events, WakeQueue<ForwardPair>& wakes,
                const ForwardOptions& options, SessionObserver& observer, const Clock& clock, Owner& owner);

  // Each may tell the owner before it returns.
  void start(ForwardPair& pair);
  // The pair has a target of its own: a host.
  void start(ForwardPair& pair, std::unique_ptr<DialOptions> target);
  void wake(ForwardPair& pair) { advance(pair); }
  // One of the event queue whose key is a dial's.
  void handle(std::uint64_t key);

  // The pair goes: nothing more is told of it.
  void drop(ForwardPair& pair);

  [[nodiscard]] static bool is_dial(std::uint64_t key) noexcept { return (key & 1) != 0; }

 private:
  struct Attempt {
    ForwardPair* pair;
    int fd;
  };
  struct Lookup {
    bool is_running = false;
    std::vector<ForwardPair*> waiting;
  };

  [[nodiscard]] const DialOptions& options_of(const ForwardPair& pair) const;
  void begin(PairDial& dial, const DialOptions& options);
  bool begin_next(ForwardPair& pair);
  [[nodiscard]] Result<void> begin_host(ForwardPair& pair, const HostTarget& host, const DialOptions& options);
  void advance(ForwardPair& pair);
  void go_on_after(ForwardPair& pair, Error error);
  void pause(ForwardPair& pair);
  [[nodiscard]] Result<void> attempt(ForwardPair& pair);
  [[nodiscard]] Result<void> attempt_unix(ForwardPair& pair, const UnixName& name, const DialOptions& options);
  [[nodiscard]] Result<void> begin_race(ForwardPair& pair, const std::vector<IpAddress>& addresses);
  [[nodiscard]] Result<void> watch(ForwardPair& pair, int fd);
  void reach(ForwardPair& pair, Dialed dialed);
  void end_attempt(ForwardPair& pair);
  void look_up(ForwardPair& pair);
  [[nodiscard]] Awaitable<void> resolve(std::size_t target);
  void answer(std::size_t target, const Result<std::vector<IpAddress>>& addresses);

  Executor executor_;
  EventQueue& events_;
  WakeQueue<ForwardPair>& wakes_;
  SessionObserver& observer_;
  const Clock& clock_;
  Owner& owner_;
  ForwardTargets targets_;
  std::vector<Lookup> lookups_;                          // by target
  std::unordered_map<std::uint64_t, Attempt> attempts_;  // by key
  std::uint64_t next_key_ = 1;                           // odd: no pair's
};

}  // namespace tcp::stream
