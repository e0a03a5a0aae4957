// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_connect.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/trace/error_queue.hpp"
#include "libtcp/trace/kernel_view.hpp"
#include "libtcp/trace/socket_shape.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestWait = 200ms;  // so that a signal that came just before the wait is noticed
constexpr std::size_t kMostSockets = 64;  // at once

int take_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

class PathConnectRun {
 public:
  PathConnectRun(const Endpoint& remote, const PathPlanOptions& options, const SynShape& shape, const Clock& clock)
      : options_(options), shape_(shape), plan_(options, clock.now()), clock_(clock) {
    path_ = planned_path(plan_, options, remote, Technique::connect, clock.wall_now());
  }

  Path run(const StopFlag& stop) {
    while (!path_.failure && !plan_.finished(clock_.now())) {
      if (stop.load(std::memory_order_relaxed)) {
        path_.interrupted = true;
        break;
      }
      if (!full()) {
        if (const auto probe = plan_.take_due(clock_.now())) start(*probe);
      }
      wait();
      close_old();
    }
    return std::move(path_);
  }

 private:
  struct Open {
    std::size_t probe = 0;
    UniqueFd fd;
    MonotonicTime since;
  };

  void start(std::size_t index) {
    if (auto begun = try_start(index); !begun) path_.failure = std::move(begun).error();
  }

  Result<void> try_start(std::size_t index) {
    PathProbe& probe = path_.probes[index];
    const Family family = path_.remote.address.family();
    UniqueFd fd(::socket(to_address_family(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return system_error("open a TCP socket");
    TCP_TRY(enable_error_queue(fd.get(), family));
    TCP_TRY(apply_shape(fd.get(), family, shape_));
    TCP_TRY(limit_hops(fd.get(), family, probe.hop));
    TCP_TRY(limit_syn_retries(fd.get(), 1));
    const SocketAddress address = to_socket_address(path_.remote);
    probe.sent = true;
    probe.time = clock_.wall_now();
    const MonotonicTime since = clock_.now();
    const bool done = ::connect(fd.get(), address.get(), address.length) == 0;
    const int error = done ? 0 : errno;
    if (done || error == ECONNREFUSED) {
      finish(index, fd.get(), error);  // on loopback the answer is there at once
    } else if (error == EINPROGRESS) {
      open_.push_back({index, std::move(fd), since});
    } else {
      return system_error("connect " + to_string(path_.remote), error);
    }
    return {};
  }

  [[nodiscard]] bool full() const { return open_.size() >= kMostSockets; }

  // While no socket is free a probe that is due must wait: until one is answered, or the oldest is given up.
  [[nodiscard]] MonotonicTime deadline(MonotonicTime now) const {
    return full() ? open_.front().since + options_.timeout : plan_.deadline(now);
  }

  void wait() {
    const MonotonicTime now = clock_.now();
    const Duration left = std::clamp<Duration>(deadline(now) - now, Duration::zero(), kLongestWait);
    std::vector<pollfd> entries;
    entries.reserve(open_.size());
    for (const Open& open : open_) entries.push_back({open.fd.get(), POLLOUT, 0});
    const timespec patience{0, static_cast<long>(left.count())};
    if (::ppoll(entries.data(), entries.size(), &patience, nullptr) <= 0) return;
    for (std::size_t i = entries.size(); i-- > 0;) {
      if (entries[i].revents == 0) continue;
      finish(open_[i].probe, open_[i].fd.get(), take_socket_error(open_[i].fd.get()));
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  // The ICMP error says more than the socket's, which is the same for several of them.
  void finish(std::size_t index, int fd, int error) {
    PathReply reply;
    reply.time = clock_.wall_now();
    reply.sender = path_.remote.address.without_scope();
    if (const auto icmp = take_icmp_error(fd)) {
      reply.answer = icmp->header.is_time_exceeded() ? PathAnswer::hop : PathAnswer::rejected;
      reply.sender = icmp->sender;
      reply.icmp = icmp->header;
    } else if (error == 0) {
      reply.answer = PathAnswer::open;
    } else if (error == ECONNREFUSED) {
      reply.answer = PathAnswer::closed;
    } else {
      return;  // given up, or an error whose sender the kernel did not keep
    }
    PathProbe& probe = path_.probes[index];
    reply.time = std::max(reply.time, probe.time);
    probe.reply = reply;
    plan_.answered(index, reply.answer != PathAnswer::hop, clock_.now());
  }

  void close_old() {
    const MonotonicTime now = clock_.now();
    std::erase_if(open_, [&](const Open& open) { return open.since + options_.timeout <= now; });
  }

  const PathPlanOptions options_;
  const SynShape shape_;
  PathPlan plan_;
  const Clock& clock_;
  std::vector<Open> open_;  // oldest first
  Path path_;
};

}  // namespace

Path run_path_connect(const Endpoint& remote, const PathPlanOptions& options, const SynShape& shape, const Clock& clock,
                      const StopFlag& stop) {
  return PathConnectRun(remote, options, shape, clock).run(stop);
}

}  // namespace tcp::trace
