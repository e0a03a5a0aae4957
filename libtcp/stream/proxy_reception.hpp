// SPDX-License-Identifier: MIT
// Those who come through proxies, on their way to the door: each must first be told whose connection it is (see
// proxy_protocol.hpp), in a coroutine of its own, so that a proxy that says nothing delays nobody.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/access_list.hpp"
#include "libtcp/stream/listener.hpp"
#include "libtcp/stream/proxy_protocol.hpp"
#include "libtcp/stream/proxy_protocol_options.hpp"
#include "libtcp/stream/ready_fd.hpp"

namespace tcp::stream {

class ProxyReception {
 public:
  // The next connection, or one without a socket when nobody will come any more.
  using Accept = std::function<Awaitable<Result<Accepted>>()>;

  // What is handed in by reference must outlive it. Errors: those of AccessList::load().
  [[nodiscard]] static Result<std::unique_ptr<ProxyReception>> open(const Executor& executor,
                                                                    const ProxyProtocolOptions& options, Accept accept,
                                                                    SessionObserver& observer, const Clock& clock);

  // The next client whose header is read, with the addresses that it says and the socket at its first byte of payload;
  // no socket at the deadline and after close(). A peer that is not trusted is reset without a look at what it sends,
  // one whose header is wrong or late is reset as well, and both are reported. Errors: those of `accept`.
  [[nodiscard]] Awaitable<Result<Accepted>> next(MonotonicTime deadline);

  // Nobody else: those who are on their way are turned away. Whoever calls it also ends the wait of `accept`.
  void close();

  // Reads the files of those who are trusted again. Errors: the list stays what it was.
  [[nodiscard]] Result<void> reload();

 private:
  struct Arrival {
    ReadyFd socket;
    AddressPair addresses;
  };
  using Arrivals = std::list<Arrival>;

  ProxyReception(const Executor& executor, const ProxyProtocolOptions& options, AccessList trusted, Accept accept,
                 SessionObserver& observer, const Clock& clock);
  [[nodiscard]] Awaitable<void> accept_all();
  [[nodiscard]] Awaitable<void> greet(Arrivals::iterator arrival);
  [[nodiscard]] bool is_trusted(const Address& peer) const;
  void admit(Accepted accepted);
  void turn_away(Accepted& accepted, Error error);
  [[nodiscard]] std::size_t present() const noexcept { return arriving_.size() + ready_.size(); }

  Executor executor_;
  const ProxyProtocolOptions& options_;
  AccessList trusted_;
  Accept accept_;
  SessionObserver& observer_;
  const Clock& clock_;

  bool open_ = false;
  bool closed_ = false;
  Arrivals arriving_;
  std::deque<Accepted> ready_;
  std::optional<Error> failure_;
  Timer news_;  // cancelled when there is something new for next()
  Timer room_;  // cancelled when there is room for another one
};

}  // namespace tcp::stream
