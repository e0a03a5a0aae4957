// SPDX-License-Identifier: MIT
#include "libtcp/net/timestamps.hpp"

#include <sys/socket.h>

#include <array>
#include <cstring>
#include <thread>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 100ms;  // more than a host with every core busy has needed
constexpr Duration kPatienceUnseen = 5ms;
constexpr Duration kPause = 100us;

// A datagram socket that talks to itself over loopback; none where there is no loopback.
UniqueFd open_echo() {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  SocketAddress address = to_socket_address({IpAddress::loopback(Family::v4), 0});
  const bool ready = fd && set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1) &&
                     ::bind(fd.get(), address.get(), address.length) == 0 &&
                     ::getsockname(fd.get(), address.get(), &address.length) == 0 &&
                     ::connect(fd.get(), address.get(), address.length) == 0;
  return ready ? std::move(fd) : UniqueFd();
}

std::optional<WallTime> receive_time(int fd) {
  char byte;
  iovec part{&byte, sizeof byte};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(timespec))> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(fd, &message, MSG_DONTWAIT) < 0) return std::nullopt;
  const cmsghdr* first = CMSG_FIRSTHDR(&message);
  return first != nullptr ? timestamp_of(*first) : std::nullopt;
}

// Loopback delivers before send() returns: a later stamp was made by reading.
bool stamps_on_arrival(int echo) {
  if (::send(echo, "", 1, MSG_DONTWAIT) < 0) return false;
  const WallTime sent = SystemClock().wall_now();
  const auto received = receive_time(echo);
  return received && *received <= sent;
}

}  // namespace

void await_kernel_timestamps() {
  const UniqueFd echo = open_echo();
  if (!echo) return std::this_thread::sleep_for(kPatienceUnseen);
  const MonotonicTime end = SystemClock().now() + kPatience;
  while (!stamps_on_arrival(echo.get()) && SystemClock().now() < end) std::this_thread::sleep_for(kPause);
}

std::optional<WallTime> timestamp_of(const cmsghdr& control) {
  timespec time;
  if (control.cmsg_level != SOL_SOCKET || control.cmsg_type != SO_TIMESTAMPNS) return std::nullopt;
  if (control.cmsg_len < CMSG_LEN(sizeof time)) return std::nullopt;
  std::memcpy(&time, CMSG_DATA(&control), sizeof time);
  return WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

}  // namespace tcp::net
