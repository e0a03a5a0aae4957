// SPDX-License-Identifier: MIT
// Clients on their way to their first byte of payload: each shakes hands in a coroutine of its own, so that one that
// never finishes delays nobody.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/established.hpp"
#include "libtcp/stream/tls_handshake.hpp"

namespace tcp::stream {

class Reception {
 public:
  // The next client, or none when nobody will come any more.
  using Accept = std::function<Awaitable<Result<Visitor>>()>;

  // What is handed in by reference must outlive it.
  Reception(const Executor& executor, Accept accept, const TlsContext& tls, Duration patience,
            SessionObserver& observer, const Clock& clock);

  // The next one who is ready, or none at the deadline. One whose handshake fails is reported, and that is all. Errors:
  // those of `accept`.
  [[nodiscard]] Awaitable<Result<std::optional<Established>>> next(MonotonicTime deadline);

  // One whose code is wrong ends it, with the error: there is no guessing.
  void end_at_wrong_code() noexcept { ends_at_wrong_code_ = true; }

  // Nobody else: those who are on their way are turned away. Whoever calls it also ends the wait of `accept`.
  void close();

 private:
  struct Arrival {
    TlsChannel tls;
    Visit visit;
  };
  using Arrivals = std::list<Arrival>;
  [[nodiscard]] Awaitable<void> accept_all();
  [[nodiscard]] Awaitable<void> greet(Arrivals::iterator arrival);
  void admit(Visitor visitor);
  void let_in(TlsChannel tls, Visit visit, TlsSession session);
  void turn_away(const TlsChannel& tls, Error error);
  [[nodiscard]] std::optional<Established> take_ready();
  [[nodiscard]] std::size_t present() const noexcept { return arriving_.size() + ready_.size(); }

  Executor executor_;
  Accept accept_;
  const TlsContext& tls_;
  Duration patience_;
  SessionObserver& observer_;
  const Clock& clock_;

  bool open_ = false;
  bool closed_ = false;
  bool ends_at_wrong_code_ = false;
  Arrivals arriving_;
  std::deque<Established> ready_;
  std::optional<Error> failure_;
  Timer news_;  // cancelled when there is something new for next()
  Timer room_;  // cancelled when there is room for another one
};

}  // namespace tcp::stream
