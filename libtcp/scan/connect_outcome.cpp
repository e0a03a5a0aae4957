// SPDX-License-Identifier: MIT
#include "libtcp/scan/connect_outcome.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace tcp::scan {
namespace {

Result<void> set_option(int fd, int level, int name, int value) {
  if (::setsockopt(fd, level, name, &value, sizeof value) != 0) return system_error("set up a socket");
  return {};
}

// The offender's address follows the error (SO_EE_OFFENDER).
IpAddress offender_of(const sock_extended_err& error, const std::uint8_t* data, std::size_t length) {
  if (length < sizeof error + sizeof(sockaddr_in)) return {};
  sockaddr_storage storage{};
  const std::size_t rest = std::min(length - sizeof error, sizeof storage);
  std::memcpy(&storage, data + sizeof error, rest);
  const auto endpoint = from_socket_address(reinterpret_cast<const sockaddr*>(&storage), static_cast<socklen_t>(rest));
  return endpoint ? endpoint->address : IpAddress();
}

std::optional<Answer> read_extended_error(const cmsghdr& control, Family family) {
  const bool v4 = control.cmsg_level == IPPROTO_IP && control.cmsg_type == IP_RECVERR;
  const bool v6 = control.cmsg_level == IPPROTO_IPV6 && control.cmsg_type == IPV6_RECVERR;
  sock_extended_err error{};
  const std::size_t length = control.cmsg_len - CMSG_LEN(0);
  if ((!v4 && !v6) || length < sizeof error) return std::nullopt;
  const std::uint8_t* data = CMSG_DATA(&control);
  std::memcpy(&error, data, sizeof error);
  if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6) return std::nullopt;
  Answer answer;
  answer.kind = AnswerKind::icmp;
  answer.icmp.family = family;
  answer.icmp.type = error.ee_type;
  answer.icmp.code = error.ee_code;
  answer.sender = offender_of(error, data, length);
  return answer;
}

// The first ICMP error in the queue.
std::optional<Answer> read_icmp(int fd, Family family) {
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
    if (auto answer = read_extended_error(*header, family)) return answer;
  }
  return std::nullopt;
}

int pending_error(int fd) {
  int error_number = 0;
  socklen_t length = sizeof error_number;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length) == 0 ? error_number : errno;
}

std::optional<Endpoint> name_of(int fd, int (*ask)(int, sockaddr*, socklen_t*)) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (ask(fd, address.get(), &address.length) != 0) return std::nullopt;
  auto endpoint = from_socket_address(address.get(), address.length);
  return endpoint ? std::optional(*endpoint) : std::nullopt;
}

std::optional<Duration> handshake_rtt(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0 || info.tcpi_rtt == 0) return std::nullopt;
  return std::chrono::microseconds(info.tcpi_rtt);
}

ConnectOutcome answered(AnswerKind kind, int error_number = 0) {
  ConnectOutcome outcome{ConnectOutcome::State::answered, {}};
  outcome.answer.kind = kind;
  outcome.answer.error_number = error_number;
  return outcome;
}

ConnectOutcome read_connected(int fd) {
  const auto peer = name_of(fd, ::getpeername);
  if (!peer) return {};
  if (name_of(fd, ::getsockname) == peer) return {ConnectOutcome::State::connected_self, {}};
  ConnectOutcome outcome = answered(AnswerKind::syn_ack);
  outcome.answer.rtt = handshake_rtt(fd);
  return outcome;
}

}  // namespace

Result<UniqueFd> open_probe_socket(Family family, std::optional<std::uint32_t> interface_index) {
  UniqueFd fd(::socket(to_address_family(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) return system_error("open a socket");
  const bool v4 = family == Family::v4;
  TCP_TRY(set_option(fd.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, 1));
  if (interface_index) {
    TCP_TRY(set_option(fd.get(), SOL_SOCKET, SO_BINDTOIFINDEX, static_cast<int>(*interface_index)));
  }
  // Neither TIME-WAIT here nor a conversation there: a connection ends with a reset.
  const linger reset{1, 0};
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset) != 0) return system_error("set up a socket");
  return fd;
}

ConnectOutcome read_outcome(int fd, Family family, int error_number) {
  if (auto icmp = read_icmp(fd, family)) return {ConnectOutcome::State::answered, *icmp};
  const bool from_connect = error_number != 0;
  if (!from_connect) error_number = pending_error(fd);
  switch (error_number) {
    case 0: return read_connected(fd);
    case EINPROGRESS: return {};
    case ECONNREFUSED: return answered(AnswerKind::rst);
    // The handshake was complete, then the peer changed its mind.
    case ECONNRESET:
    case EPIPE: return answered(AnswerKind::syn_ack);
    case ETIMEDOUT: return {ConnectOutcome::State::silent, {}};
    default: return answered(AnswerKind::not_sent, error_number);
  }
}

}  // namespace tcp::scan
