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
#include "libtcp/stream/proxy_greeter.hpp"

namespace tcp::stream {

// The options ask for nothing but to pass bytes on: no TLS, nobody who looks at them, changes, counts or slows them.
// Otherwise clients are forwarded by conversations (make_forward_service(), make_proxy_service()).
[[nodiscard]] bool is_plain_forwarding(const ListenOptions& options);

// A proxy's client that wants more than a tunnel.
struct Demanding {
  Connected connected;  // as it was reported
  MonotonicTime since;
  UniqueFd socket;  // at the first byte behind the request
  std::unique_ptr<ProxyServerDialogue> dialogue;
};

class Forwarder final : public Crowd, private ForwardDialer::Owner, private ProxyGreeter::Owner {
 public:
  using HandOver = std::function<void(Demanding)>;

  // The references must outlive it; is_plain_forwarding(options). Errors: no descriptor left.
  [[nodiscard]] static Result<std::unique_ptr<Forwarder>> open(const Executor& executor, const ListenOptions& options,
                                                               SessionObserver& observer, const Clock& clock,
                                                               Left left);

  // To whom those are given who want more than a tunnel; they are no clients of ours any more.
  void hand_over_to(HandOver hand_over) { hand_over_ = std::move(hand_over); }
  // Reads the files of a proxy server's targets again. Errors: the list stays what it was.
  [[nodiscard]] Result<void> reload() { return greeter_ ? greeter_->reload() : Result<void>(); }

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

  void watch_client(ForwardPair& pair, std::uint32_t events) override;
  void on_requested(ForwardPair& pair, std::unique_ptr<DialOptions> target) override;
  void on_more_asked(ForwardPair& pair) override { doom(pair); }
  void on_parted(ForwardPair& pair, CloseReason reason, std::optional<Error> error) override;

  [[nodiscard]] Result<void> turn();
  void handle(ForwardPair& pair, Side side, std::uint32_t events);
  void move(ForwardPair& pair, Side from);
  void watch(ForwardPair& pair, Side side);
  void watch_for(ForwardPair& pair, Side side, std::uint32_t wanted);
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
  void give_away(ForwardPair& pair);
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
  std::unique_ptr<ProxyGreeter> greeter_;  // of a proxy server
  HandOver hand_over_;
  std::optional<Error> failure_;  // of a lookup's turn

  std::vector<std::unique_ptr<ForwardPair>> pairs_;
  std::vector<ForwardPair*> doomed_;
  std::vector<std::unique_ptr<ForwardPair>> gone_;  // events of this turn may still name them
};

}  // namespace tcp::stream
