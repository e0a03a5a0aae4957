// SPDX-License-Identifier: MIT
#include "libtcp/net/tcp_attempt.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "libtcp/net/connecting.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

// The offender's address follows the error (SO_EE_OFFENDER).
IpAddress offender_of(const sock_extended_err& error, const std::uint8_t* data, std::size_t length) {
  if (length < sizeof error + sizeof(sockaddr_in)) return {};
  sockaddr_storage storage{};
  const std::size_t rest = std::min(length - sizeof error, sizeof storage);
  std::memcpy(&storage, data + sizeof error, rest);
  const auto endpoint = from_socket_address(reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(rest));
  return endpoint ? endpoint->address : IpAddress();
}

std::optional<AttemptIcmp> read_extended_error(const cmsghdr& control) {
  const bool v4 = control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_RECVERR;
  const bool v6 = control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_RECVERR;
  sock_extended_err error{};
  const std::size_t length = control.cmsg_len - CMSG_LEN(0);
  if ((!v4 && !v6) || length < sizeof error) return std::nullopt;
  const std::uint8_t* data = CMSG_DATA(&control);
  std::memcpy(&error, data, sizeof error);
  if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6) return std::nullopt;
  return AttemptIcmp{error.ee_type, error.ee_code, offender_of(error, data, length)};
}

// The first ICMP error in the queue.
std::optional<AttemptIcmp> read_icmp(int fd) {
  std::array<std::uint8_t, 256> quote;
  alignas(cmsghdr) std::array<std::uint8_t, 512> control;
  iovec vector{quote.data(), quote.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (auto icmp = read_extended_error(*header)) return icmp;
  }
  return std::nullopt;
}

std::optional<Duration> handshake_rtt(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 || info.tcpi_rtt == 0) return std::nullopt;
  return std::chrono::microseconds(info.tcpi_rtt);
}

AttemptOutcome read_connected(int fd, const Endpoint& target) {
  AttemptOutcome outcome;
  outcome.state = has_met_itself(fd, target) ? AttemptOutcome::State::connected_self : AttemptOutcome::State::connected;
  outcome.rtt = handshake_rtt(fd);
  return outcome;
}

int connect_to(int fd, const Endpoint& target) {
  const SocketAddress address = to_socket_address(target);
  return ::connect(fd, address.get(), address.length) == 0 ? 0 : errno;
}

bool passes(int error_number) {
  return error_number == EADDRNOTAVAIL || error_number == EAGAIN || error_number == ENOBUFS || error_number == ENOMEM;
}

Result<void> set_up(int fd, const Endpoint& target, const TcpAttemptOptions& options) {
  const bool v4 = target.address.is_v4();
  bool done = set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, 1);
  if (options.interface_index) {
    done = done && set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, static_cast<int>(*options.interface_index));
  }
  if (!done) return system_error("set up a socket");
  if (!options.source || options.source->family() != target.address.family()) return {};
  // The port is chosen by connect(2), which may use one again that leads elsewhere.
  try_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const SocketAddress source = to_socket_address({*options.source, 0});
  if (::bind(fd, source.get(), source.length) != 0) return system_error("bind " + to_string(*options.source));
  return {};
}

}  // namespace

Result<TcpAttempt> TcpAttempt::start(const Endpoint& target, const TcpAttemptOptions& options) {
  const int family = to_address_family(target.address.family());
  TcpAttempt attempt(UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)));
  if (!attempt.fd_) return system_error("open a socket");
  TCP_TRY(set_up(attempt.fd(), target, options));
  const int error_number = connect_to(attempt.fd(), target);
  if (passes(error_number)) return system_error("connect", error_number);
  if (error_number != 0 && error_number != EINPROGRESS) attempt.refused_ = error_number;
  return attempt;
}

TcpAttempt& TcpAttempt::operator=(TcpAttempt&& other) noexcept {
  if (this == &other) return *this;
  end();
  fd_ = std::move(other.fd_);
  refused_ = other.refused_;
  is_over_ = other.is_over_;
  return *this;
}

// It may be established by now, seen or not.
void TcpAttempt::end() noexcept {
  if (fd_ && !is_over_) try_option(fd_.get(), SOL_SOCKET, SO_LINGER, linger{1, 0});
  fd_.reset();
}

// Both an RST and an ICMP error refuse a connection; the queue of errors tells which it was.
AttemptOutcome TcpAttempt::fail(int error_number) {
  is_over_ = true;
  AttemptOutcome outcome;
  if (const auto icmp = read_icmp(fd())) {
    outcome.state = AttemptOutcome::State::icmp;
    outcome.icmp = *icmp;
    return outcome;
  }
  outcome.state = AttemptOutcome::State::failed;
  outcome.error_number = error_number;
  return outcome;
}

// connect(2) once more is one call that tells everything: EALREADY, success, or the error, which it takes.
AttemptOutcome TcpAttempt::check(const Endpoint& target) {
  const int error_number = refused_ != 0 ? std::exchange(refused_, 0) : connect_to(fd(), target);
  if (error_number == 0 || error_number == EISCONN) return read_connected(fd(), target);
  const bool pending = error_number == EALREADY || error_number == EINPROGRESS || error_number == EINTR;
  return pending ? AttemptOutcome() : fail(error_number);
}

// An ICMP error that comes while the kernel itself holds the socket does not end the attempt.
AttemptOutcome TcpAttempt::check_event(const Endpoint& target) {
  AttemptOutcome outcome = check(target);
  if (outcome.state != AttemptOutcome::State::pending) return outcome;
  if (const auto icmp = read_icmp(fd())) {
    outcome.state = AttemptOutcome::State::icmp;
    outcome.icmp = *icmp;
  }
  return outcome;
}

}  // namespace tcp::net
