// SPDX-License-Identifier: MIT
// A host becomes a connected socket: its addresses race as soon as some are known, and those that come later join
// (RFC 8305). Waiting is its owner's.
#pragma once

#include <functional>

#include "libtcp/stream/connect_race.hpp"
#include "libtcp/stream/dialer.hpp"
#include "libtcp/stream/name_lookup.hpp"

namespace tcp::stream {

class HostRace {
 public:
  // Has these events (EPOLLIN, EPOLLOUT) of a descriptor watched.
  using Watch = std::function<Result<void>(int fd, std::uint32_t events)>;

  // `options` (whose target is a host), `observer` and `clock` must outlive it.
  HostRace(const DialOptions& options, SessionObserver& observer, const Clock& clock, Watch watch);

  // Asks for the addresses, unless they are known. Errors: the host is an address that is not wanted.
  [[nodiscard]] Result<void> start();
  // Starts the attempts that are due. Errors: the host has no address, the race is lost, or its time is over.
  [[nodiscard]] Result<void> advance();
  // When it has to be advanced again, if no watched descriptor is ready before.
  [[nodiscard]] MonotonicTime wake() const noexcept;
  // A watched descriptor is ready. True when it is connected; otherwise the race is to be advanced.
  [[nodiscard]] bool settle(int fd);
  // After settle() was true; the losers are closed.
  [[nodiscard]] Dialed take_winner();

 private:
  [[nodiscard]] const HostTarget& target() const { return std::get<HostTarget>(options_.target); }
  void add(std::vector<IpAddress> addresses);
  [[nodiscard]] Error timeout() const;
  [[nodiscard]] Error failure() const;
  [[nodiscard]] bool may_start(MonotonicTime now) const noexcept;

  const DialOptions& options_;
  const Clock& clock_;
  Watch watch_;
  MonotonicTime started_;
  MonotonicTime deadline_;
  MonotonicTime next_start_;
  NameLookup names_;
  bool has_address_ = false;              // also one that cannot be used
  std::optional<Duration> resolve_time_;  // present when there was a name to look up, and connecting has begun
  bool is_name_ = false;
  ConnectRace race_;
};

}  // namespace tcp::stream
