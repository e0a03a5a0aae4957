// SPDX-License-Identifier: MIT
// Very many clients in one place: one descriptor in the event loop, one buffer to read into, one timer; a client that
// is silent costs less than 1 KiB.
//
// Where clients hear each other (a broker, a chat), each has a bounded queue. While the queue of one is full the others
// are not read, so that nothing is lost for whoever reads at all; but once only, and not for long: whoever has not
// emptied half of it by then is a laggard, for whom nobody waits again. A laggard misses what does not fit into its
// queue, and is dropped when it takes nothing for the stuck timeout.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/crowd.hpp"
#include "libtcp/stream/event_queue.hpp"
#include "libtcp/stream/hub_behaviour.hpp"
#include "libtcp/stream/hub_client.hpp"
#include "libtcp/stream/hub_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

class Hub final : public Crowd {
 public:
  // The references must outlive it. Errors: no descriptor left.
  [[nodiscard]] static Result<std::unique_ptr<Hub>> open(const Executor& executor, const HubOptions& options,
                                                         SessionObserver& observer, const Clock& clock, Left left);
  ~Hub() override;

  Result<void> welcome(Connected connected, UniqueFd socket, std::unique_ptr<Transport> transport) override;
  Awaitable<Result<void>> run() override;
  void close_all(CloseReason reason) override;
  std::size_t size() const noexcept override { return clients_.size(); }

  // For behaviours.
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  // Now or, when its socket takes no more, later.
  void send(HubClient& client, std::span<const std::byte> bytes);
  // To all but one; those who leave hear nothing any more.
  void send_to_others(const HubClient& except, std::span<const std::byte> bytes);
  // Only as much as its socket takes now; how much that was.
  std::size_t send_some(HubClient& client, std::span<const std::byte> bytes);
  // Sends nothing more after what is queued.
  void finish(HubClient& client);

 private:
  Hub(EventQueue events, const HubOptions& options, SessionObserver& observer, const Clock& clock, Left left);

  [[nodiscard]] Result<void> turn();
  void handle(HubClient& client, std::uint32_t events);
  void pull(HubClient& client);
  bool pull_once(HubClient& client);
  void push(HubClient& client);
  void flush(HubClient& client);
  void send_fin(HubClient& client);
  void register_events(HubClient& client);
  [[nodiscard]] bool reads(const HubClient& client) const noexcept;
  [[nodiscard]] static bool sends(const HubClient& client) noexcept;
  [[nodiscard]] std::uint32_t wanted_events(const HubClient& client) const noexcept;

  void enqueue(HubClient& client, const Chunk& chunk, std::size_t skip);
  void note_filled(HubClient& client);
  void note_drained(HubClient& client);
  void stop_waiting_for(HubClient& client);
  void miss(HubClient& client);
  void hold_back(HubClient& client);
  void resume();
  void read_buffered();

  void note_activity(HubClient& client);
  void expire();
  void doom(HubClient& client, CloseReason reason, std::error_code error = {});
  void fail(HubClient& client, std::error_code error);
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] Result<void> set_alarm();
  void leave_queues(HubClient& client);
  void report_closed(HubClient& client);
  [[nodiscard]] static Error explain(const HubClient& client);

  EventQueue events_;
  HubOptions options_;
  SessionObserver& observer_;
  const Clock& clock_;
  Left left_;
  std::unique_ptr<HubBehaviour> behaviour_;
  std::vector<std::byte> buffer_;
  MonotonicTime now_;
  MonotonicTime alarm_ = MonotonicTime::max();

  std::vector<std::unique_ptr<HubClient>> clients_;
  std::vector<HubClient*> doomed_;
  std::vector<std::unique_ptr<HubClient>> gone_;  // events of this turn may still name them

  using Queue = AgeQueue<HubClient>;
  Queue idle_;
  Queue stuck_;
  Queue full_;
  Queue lingering_;
  Queue held_back_;
  Queue buffered_;
};

}  // namespace tcp::stream
