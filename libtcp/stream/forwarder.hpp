// SPDX-License-Identifier: MIT
// Joins each client with a connection to a target, all in one place: the bytes stay in the kernel, and a pair that is
// silent costs less than 1 KiB.
#pragma once

#include <memory>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/crowd.hpp"
#include "libtcp/stream/event_queue.hpp"
#include "libtcp/stream/forward_dialer.hpp"
#include "libtcp/stream/forward_pair.hpp"
#include "libtcp/stream/listen_options.hpp"

namespace tcp::stream {

// The options ask for nothing but to pass bytes on: no TLS, nobody who looks at them, changes, counts or slows them.
// Otherwise clients are forwarded by conversations (make_forward_service()).
[[nodiscard]] bool is_plain_forwarding(const ListenOptions& options);

class Forwarder final : public Crowd, private ForwardDialer::Owner {
 public:
  // The references must outlive it; is_plain_forwarding(options). Errors: no descriptor left.
  [[nodiscard]] static Result<std::unique_ptr<Forwarder>> open(const Executor& executor, const ListenOptions& options,
                                                               SessionObserver& observer, const Clock& clock,
                                                               Left left);

  Result<void> welcome(Connected connected, UniqueFd socket, std::unique_ptr<Transport> transport) override;
  Awaitable<Result<void>> run() override;
  void close_all(CloseReason reason) override;
  std::size_t size() const noexcept override { return pairs_.size(); }

 private:
  Forwarder(const Executor& executor, EventQueue events, const ListenOptions& options, SessionObserver& observer,
            const Clock& clock, Left left);

  void on_reached(ForwardPair& pair, Dialed dialed) override;
  [[nodiscard]] bool send_header(ForwardPair& pair);
  void on_unreachable(ForwardPair& pair, std::optional<Error> error) override;
  void on_lookup_over() override;

  [[nodiscard]] Result<void> turn();
  void handle(ForwardPair& pair, Side side, std::uint32_t events);
  void move(ForwardPair& pair, Side from);
  void watch(ForwardPair& pair, Side side);
  void unwatch(PairEnd& end);
  void after_moving(ForwardPair& pair);

  void begin_confirming(ForwardPair& pair);
  void confirm(ForwardPair& pair);
  void expire();
  void end_idle(ForwardPair& pair);
  void doom(ForwardPair& pair);
  void fail(ForwardPair& pair, CloseReason reason, std::optional<Error> error);
  [[nodiscard]] Result<void> settle();
  void release(ForwardPair& pair);
  void report_closed(ForwardPair& pair);

  EventQueue events_;
  Duration delivery_patience_;
  std::optional<ProxyVersion> send_proxy_;
  SessionObserver& observer_;
  const Clock& clock_;
  Left left_;
  MonotonicTime now_;
  MonotonicTime alarm_ = MonotonicTime::max();
  AgeQueue<ForwardPair> idle_;
  WakeQueue<ForwardPair> wakes_;
  ForwardDialer dialer_;
  std::optional<Error> failure_;  // of a lookup's turn

  std::vector<std::unique_ptr<ForwardPair>> pairs_;
  std::vector<ForwardPair*> doomed_;
  std::vector<std::unique_ptr<ForwardPair>> gone_;  // events of this turn may still name them
};

}  // namespace tcp::stream
