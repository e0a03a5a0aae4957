// SPDX-License-Identifier: MIT
// Attempts to connect to several addresses, staggered, until one wins (RFC 8305 §5). It starts and judges attempts;
// when to start the next one and waiting are the dialer's.
#pragma once

#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {

class ConnectRace {
 public:
  // The target is a host. `options`, `observer` and `clock` must outlive it.
  ConnectRace(std::vector<IpAddress> order, const DialOptions& options, SessionObserver& observer, const Clock& clock);

  // Those that are not known yet join the ones that wait for their turn, where the families take turns.
  void add(const std::vector<IpAddress>& addresses);

  // There has been an attempt.
  [[nodiscard]] bool has_begun() const noexcept { return next_ > 0; }
  [[nodiscard]] bool has_next() const noexcept { return next_ < order_.size(); }
  [[nodiscard]] bool is_running() const noexcept { return running_ > 0; }

  // The descriptor to watch for EPOLLOUT, or nothing when the attempt failed at once; or when no attempt can succeed,
  // and refusal() says why.
  [[nodiscard]] std::optional<int> start_next();
  // A watched descriptor is ready. True when it is connected.
  [[nodiscard]] bool settle(int fd);

  struct Winner {
    UniqueFd socket;
    Endpoint remote;
    Duration connect_time{};
  };
  // After settle() was true; the losers are closed.
  [[nodiscard]] Winner take_winner();

  // What the options ask for cannot be had, whatever the address.
  [[nodiscard]] const std::optional<Error>& refusal() const noexcept { return refusal_; }
  // Every address failed, or the deadline passed: what happened to each.
  [[nodiscard]] Error failure() const;
  [[nodiscard]] Error timeout() const;

 private:
  struct Attempt {
    Endpoint remote;
    UniqueFd socket;
    MonotonicTime started;
  };
  void fail(const Endpoint& remote, Error error);
  [[nodiscard]] Result<UniqueFd> begin(const Endpoint& remote);
  [[nodiscard]] Result<UniqueFd> begin_from(const Endpoint& remote, std::uint16_t source_port);
  [[nodiscard]] Result<UniqueFd> open_socket(const Endpoint& remote);
  [[nodiscard]] Result<void> bind_source(int fd, Family family, std::uint16_t port) const;
  [[nodiscard]] const HostTarget& target() const { return std::get<HostTarget>(options_.target); }

  std::vector<IpAddress> order_;
  const DialOptions& options_;
  SessionObserver& observer_;
  const Clock& clock_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::vector<Attempt> attempts_;
  std::vector<AttemptFailed> failures_;
  std::optional<Winner> winner_;
  std::optional<Error> refusal_;
};

}  // namespace tcp::stream
