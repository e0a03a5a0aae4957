// SPDX-License-Identifier: MIT
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/trace/run_pmtu.hpp"
#include "libtcp/trace/socket_shape.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestWait = 200ms;  // so that a signal that came just before the wait is noticed

bool await_writable(int fd, MonotonicTime deadline, const Clock& clock, const StopFlag& stop) {
  while (!stop.load(std::memory_order_relaxed)) {
    const Duration left = std::min<Duration>(deadline - clock.now(), kLongestWait);
    if (left <= Duration::zero()) return false;
    pollfd entry{fd, POLLOUT, 0};
    const timespec patience{0, static_cast<long>(left.count())};
    if (::ppoll(&entry, 1, &patience, nullptr) > 0) return true;
  }
  return false;
}

int number_option(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, level, name, &value, &length) == 0 ? value : 0;
}

Result<UniqueFd> begin(const Endpoint& remote, const SynShape& shape) {
  UniqueFd fd(::socket(to_address_family(remote.address.family()), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return system_error("open a TCP socket");
  TCP_TRY(apply_shape(fd.get(), remote.address.family(), shape));
  const SocketAddress address = to_socket_address(remote);
  const bool begun = ::connect(fd.get(), address.get(), address.length) == 0 || errno == EINPROGRESS;
  if (!begun && errno != ECONNREFUSED) return system_error("connect " + to_string(remote));
  return fd;
}

}  // namespace

PathMtu run_pmtu_connect(const Endpoint& remote, const SynShape& shape, Duration timeout, const Clock& clock,
                         const StopFlag& stop) {
  PathMtu result;
  result.remote = remote;
  result.technique = Technique::connect;
  result.started = clock.wall_now();
  auto fd = begin(remote, shape);
  if (!fd) {
    result.failure = std::move(fd).error();
    return result;
  }
  result.outcome = MtuOutcome::not_connected;
  const bool ready = await_writable(fd->get(), clock.now() + timeout, clock, stop);
  if (stop.load(std::memory_order_relaxed)) result.outcome = MtuOutcome::interrupted;
  if (!ready || number_option(fd->get(), SOL_SOCKET, SO_ERROR) != 0) return result;
  const bool v4 = remote.address.is_v4();
  const int mtu = v4 ? number_option(fd->get(), IPPROTO_IP, IP_MTU) : number_option(fd->get(), IPPROTO_IPV6, IPV6_MTU);
  if (mtu <= 0) return result;
  result.outcome = MtuOutcome::found;
  result.mtu = static_cast<std::uint32_t>(mtu);
  result.closing = Closing::left_open;
  return result;
}

}  // namespace tcp::trace
