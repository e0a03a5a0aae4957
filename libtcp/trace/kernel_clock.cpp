// SPDX-License-Identifier: MIT
#include "libtcp/trace/kernel_clock.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>  // before errqueue.h, which uses timespec

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include <array>
#include <optional>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::trace {
namespace {

constexpr int kArrivalMilliseconds = 10;  // loopback delivers at once

// A datagram socket that is connected to itself. SO_TIMESTAMPING, unlike SO_TIMESTAMPNS, makes no times up.
UniqueFd open_mirror() {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  SocketAddress address = to_socket_address({IpAddress::loopback(Family::v4), 0});
  const int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  const bool usable = fd && ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) == 0 &&
                      ::bind(fd.get(), address.get(), address.length) == 0 &&
                      ::getsockname(fd.get(), address.get(), &address.length) == 0 &&
                      ::connect(fd.get(), address.get(), address.length) == 0;
  return usable ? std::move(fd) : UniqueFd();
}

// Whether a datagram to ourselves carries a time; nothing when it does not arrive.
std::optional<bool> is_stamped(int fd) {
  if (::send(fd, "", 1, 0) != 1) return std::nullopt;
  pollfd entry{fd, POLLIN, 0};
  ::poll(&entry, 1, kArrivalMilliseconds);
  std::array<char, 1> byte;
  iovec part{byte.data(), byte.size()};
  alignas(cmsghdr) std::array<char, 128> control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(fd, &message, 0) < 0) return std::nullopt;
  return CMSG_FIRSTHDR(&message) != nullptr;
}

}  // namespace

bool await_kernel_timestamps(const Clock& clock, Duration patience) {
  const UniqueFd mirror = open_mirror();
  if (!mirror) return false;
  const MonotonicTime deadline = clock.now() + patience;
  while (clock.now() < deadline) {
    const auto stamped = is_stamped(mirror.get());
    if (!stamped) return false;
    if (*stamped) return true;
    const timespec pause{0, 100'000};
    ::nanosleep(&pause, nullptr);
  }
  return false;
}

}  // namespace tcp::trace
