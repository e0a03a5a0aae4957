// SPDX-License-Identifier: MIT
// A connection of the kernel that is made only to see what comes back. It never outlives the question: closing it
// resets what was established, so that neither TIME-WAIT here nor a conversation there stays behind. Needs no
// privilege.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::net {

// An ICMP or ICMPv6 error, by the family of the connection (IP_RECVERR, ip(7)).
struct AttemptIcmp {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  IpAddress sender;
};

struct AttemptOutcome {
  enum class State : std::uint8_t {
    pending,
    connected,
    connected_self,  // its own source port was the target's port: a simultaneous open with itself
    icmp,
    failed,
  };
  State state = State::pending;
  int error_number = 0;              // failed: errno
  AttemptIcmp icmp;                  // icmp
  std::optional<Duration> rtt = {};  // connected: of the handshake (tcpi_rtt)
};

struct TcpAttemptOptions {
  std::optional<std::uint32_t> interface_index = {};  // SO_BINDTOIFINDEX
  std::optional<IpAddress> source = {};
};

class TcpAttempt {
 public:
  // The SYN has left, or what kept it from leaving is what check() tells. Errors (by errno): no socket to be had;
  // EADDRNOTAVAIL, EAGAIN and ENOBUFS when connections must end before there is room for another one.
  [[nodiscard]] static Result<TcpAttempt> start(const Endpoint& target, const TcpAttemptOptions& options);
  TcpAttempt(TcpAttempt&&) noexcept = default;
  TcpAttempt& operator=(TcpAttempt&& other) noexcept;
  ~TcpAttempt() { end(); }

  // What is known by now; anything but `pending` is told once. `target` is the one it was started with.
  [[nodiscard]] AttemptOutcome check(const Endpoint& target);
  // The same after an event of epoll(7), which also comes for an ICMP error that only waits in the queue.
  [[nodiscard]] AttemptOutcome check_event(const Endpoint& target);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  explicit TcpAttempt(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  void end() noexcept;
  [[nodiscard]] AttemptOutcome fail(int error_number);

  UniqueFd fd_;
  int refused_ = 0;       // errno of a connect(2) that failed on the spot
  bool is_over_ = false;  // closing it sends nothing
};

}  // namespace tcp::net
