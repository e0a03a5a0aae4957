// SPDX-License-Identifier: MIT
// Joins a channel with another end until both directions have ended.
//
// Each direction ends by itself: the end of the local input becomes a FIN and receiving goes on; the peer's FIN becomes
// the end of the local output and sending goes on until the local input ends. A reset ends both, after what had arrived
// before it was written. Nothing counts as sent well before the peer's TCP has acknowledged it.
#pragma once

#include <functional>
#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/crlf_filter.hpp"
#include "libtcp/stream/lazy_timer.hpp"
#include "libtcp/stream/pump.hpp"
#include "libtcp/stream/relay_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

struct RelayEnd {
  CloseReason reason = CloseReason::finished;
  std::error_code error;
};

// Who looks on. Null: nobody.
struct RelayWatch {
  Tap* tap = nullptr;                 // borrowed
  std::function<void()> on_progress;  // every RelayOptions::progress_interval
};

class Relay {
 public:
  // All references must outlive the relay; `traffic` is counted up as bytes move.
  Relay(const Executor& executor, Channel& channel, End& local, const RelayOptions& options, const Clock& clock,
        Traffic& traffic, RelayWatch watch = {});

  [[nodiscard]] Awaitable<RelayEnd> run();

 private:
  void start(Awaitable<void> task);
  [[nodiscard]] Awaitable<void> count_task(Awaitable<void> task);
  [[nodiscard]] Awaitable<void> send_direction();
  [[nodiscard]] Awaitable<void> receive_direction();
  [[nodiscard]] Awaitable<void> discard_direction();
  [[nodiscard]] Awaitable<void> watch_idle();
  [[nodiscard]] Awaitable<void> watch_output();
  [[nodiscard]] Awaitable<void> watch_connection();
  [[nodiscard]] Awaitable<void> linger();
  [[nodiscard]] Awaitable<void> watch_after_end();
  [[nodiscard]] Awaitable<void> watch_progress();
  [[nodiscard]] std::unique_ptr<RateLimiter> make_limiter() const;
  [[nodiscard]] PumpParts sender_parts();
  [[nodiscard]] PumpParts receiver_parts();

  [[nodiscard]] bool sends() const noexcept { return options_.direction != Direction::receive_only; }
  [[nodiscard]] bool discards() const noexcept { return options_.direction == Direction::send_only; }
  [[nodiscard]] Awaitable<void> finish_sending();
  [[nodiscard]] Awaitable<void> end_output();
  [[nodiscard]] Awaitable<void> remote_end();
  [[nodiscard]] Awaitable<void> enough_received();
  [[nodiscard]] Awaitable<void> end_connection();
  [[nodiscard]] bool is_running() const noexcept { return !stopping_ && (sending_ || receiving_); }
  void end(CloseReason reason, std::error_code error) noexcept;
  void cancel_all() noexcept;
  void end_watches() noexcept;
  void linger_if_unread();

  Executor executor_;
  Channel& channel_;
  End& local_;
  const RelayOptions& options_;
  const Clock& clock_;
  const Traffic& traffic_;

  RelayWatch watch_;
  std::unique_ptr<CrlfFilter> crlf_;
  std::unique_ptr<LinePacer> pacer_;
  std::unique_ptr<RateLimiter> send_limiter_;
  std::unique_ptr<RateLimiter> receive_limiter_;

  LazyTimer idle_;
  LazyTimer reset_grace_;
  LazyTimer linger_;
  LazyTimer after_end_;
  LazyTimer progress_;
  Timer all_done_;  // never expires: cancelled when the last task is done
  MonotonicTime last_activity_;
  Pump sender_;
  Pump receiver_;
  unsigned tasks_ = 0;
  bool sending_ = false;
  bool receiving_ = false;
  bool unread_ = false;  // the local end takes nothing any more
  bool stopping_ = false;
  bool has_enough_ = false;
  bool peer_has_ended_ = false;
  RelayEnd end_;
};

}  // namespace tcp::stream
