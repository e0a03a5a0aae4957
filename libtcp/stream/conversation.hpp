// SPDX-License-Identifier: MIT
// One connection from its first event to its last.
#pragma once

#include <memory>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/relay.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/tap.hpp"

namespace tcp::stream {

class Conversation {
 public:
  // Reports that it is connected. The references must outlive it.
  Conversation(Connected connected, std::unique_ptr<Channel> channel, SessionObserver& observer, const Clock& clock);

  // One that was reported as connected before, at that time.
  Conversation(Connected connected, std::unique_ptr<Channel> channel, SessionObserver& observer, const Clock& clock,
               MonotonicTime since);

  // Relays until both directions have ended, then closes and reports.
  [[nodiscard]] Awaitable<void> relay(Executor executor, End& local, const RelayOptions& options);
  // The same without closing.
  [[nodiscard]] Awaitable<RelayEnd> join(Executor executor, End& local, const RelayOptions& options);
  void close(const RelayEnd& end, const End& local, const RelayOptions& options);
  // Closes and reports, when that has not happened yet.
  void close(CloseReason reason, std::optional<Error> error = std::nullopt);

  [[nodiscard]] Channel& channel() noexcept { return *channel_; }
  [[nodiscard]] const AddressPair& addresses() const noexcept { return channel_->addresses(); }
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] Traffic& traffic() noexcept { return traffic_; }
  [[nodiscard]] SessionObserver& observer() noexcept { return observer_; }
  // To be reported when it closes.
  void set_child_exit(const std::optional<ChildExit>& exit) { child_exit_ = exit; }
  [[nodiscard]] bool is_closed() const noexcept { return closed_.has_value(); }
  // Once it is closed.
  [[nodiscard]] const Closed& closed() const noexcept { return *closed_; }

 private:
  void open_taps(const RelayOptions& options);
  [[nodiscard]] RelayWatch watch();

  std::uint64_t id_;
  bool opened_here_;
  std::unique_ptr<Channel> channel_;
  SessionObserver& observer_;
  const Clock& clock_;
  MonotonicTime started_;
  Traffic traffic_;
  std::optional<ChildExit> child_exit_;
  TapGroup taps_;
  std::optional<Closed> closed_;
};

}  // namespace tcp::stream
