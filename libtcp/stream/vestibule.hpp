// SPDX-License-Identifier: MIT
// Those who come and are not ready yet: something has to be said first, each time in a coroutine of its own, so that
// one who never says it delays nobody.
#pragma once

#include <sys/socket.h>

#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <utility>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/asio.hpp"

namespace tcp::stream {

// `Comer` has a socket, or none when nobody will come any more. `Arrival`: one who is on the way, with a socket().
// `Guest`: one who is ready; nobody when it is made without anything.
template <class Comer, class Arrival, class Guest>
class Vestibule {
 public:
  // The next one who comes.
  using Accept = std::function<Awaitable<Result<Comer>>()>;

  Vestibule(const Vestibule&) = delete;
  Vestibule& operator=(const Vestibule&) = delete;
  virtual ~Vestibule() = default;

  // The next one who is ready; nobody at the deadline and after close(). Errors: those of `accept`.
  [[nodiscard]] Awaitable<Result<Guest>> next(MonotonicTime deadline) {
    if (!std::exchange(open_, true)) asio::co_spawn(executor_, accept_all(), asio::detached);
    while (ready_.empty() && !failure_ && !closed_) {
      if (clock_.now() >= deadline) co_return take_ready();
      news_.expires_at(deadline);
      auto [ignored] = co_await news_.async_wait(kToken);
      (void)ignored;
    }
    if (ready_.empty() && failure_) co_return std::unexpected(*failure_);
    co_return take_ready();
  }

  // Nobody else: those who are on their way are turned away. Whoever calls it also ends the wait of `accept`.
  void close() {
    closed_ = true;
    ready_.clear();
    for (Arrival& each : arriving_) ::shutdown(each.socket(), SHUT_RDWR);
    news_.cancel();
    room_.cancel();
  }

 protected:
  using Arrivals = std::list<Arrival>;

  // The references must outlive it.
  Vestibule(const Executor& executor, Accept accept, const Clock& clock)
      : executor_(executor), clock_(clock), accept_(std::move(accept)), news_(executor), room_(executor) {}

  // Nothing: whoever came was turned away, and that was reported.
  [[nodiscard]] virtual std::optional<Arrival> admit(Comer comer) = 0;
  // Until the arrival has left by see_off(), and is let in or turned away unless is_closed().
  [[nodiscard]] virtual Awaitable<void> greet(Arrivals::iterator arrival) = 0;

  [[nodiscard]] Arrival see_off(Arrivals::iterator arrival) {
    Arrival left = std::move(*arrival);
    arriving_.erase(arrival);
    room_.cancel();
    return left;
  }
  void let_in(Guest guest) {
    ready_.push_back(std::move(guest));
    news_.cancel();
  }
  // Nobody comes any more, for this reason.
  void fail(Error error) {
    failure_ = std::move(error);
    news_.cancel();
  }
  [[nodiscard]] bool is_closed() const noexcept { return closed_; }
  [[nodiscard]] const Executor& executor() const noexcept { return executor_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

 private:
  static constexpr std::size_t kMostPresent = 1024;  // the others wait in the kernel's queue

  [[nodiscard]] Guest take_ready() {
    if (ready_.empty()) return {};
    Guest guest = std::move(ready_.front());
    ready_.pop_front();
    room_.cancel();
    return guest;
  }

  [[nodiscard]] Awaitable<void> accept_all() {
    while (!closed_) {
      while (arriving_.size() + ready_.size() >= kMostPresent && !closed_) {
        room_.expires_at(Timer::time_point::max());
        auto [ignored] = co_await room_.async_wait(kToken);
        (void)ignored;
      }
      if (closed_) co_return;
      auto comer = co_await accept_();
      if (closed_) co_return;
      if (!comer) {
        failure_ = std::move(comer).error();
        news_.cancel();
        co_return;
      }
      if (!comer->socket) co_return;
      welcome(std::move(*comer));
    }
  }

  void welcome(Comer comer) {
    auto arrival = admit(std::move(comer));
    if (!arrival) return;
    arriving_.push_back(std::move(*arrival));
    asio::co_spawn(executor_, greet(std::prev(arriving_.end())), asio::detached);
  }

  Executor executor_;
  const Clock& clock_;
  Accept accept_;
  bool open_ = false;
  bool closed_ = false;
  Arrivals arriving_;
  std::deque<Guest> ready_;
  std::optional<Error> failure_;
  Timer news_;  // cancelled when there is something new for next()
  Timer room_;  // cancelled when there is room for another one
};

}  // namespace tcp::stream
