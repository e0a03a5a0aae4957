// SPDX-License-Identifier: MIT
#include "libtcp/trace/connect.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/socket_option.hpp"
#include "libtcp/trace/error_queue.hpp"
#include "libtcp/trace/kernel_view.hpp"
#include "libtcp/trace/socket_shape.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestWait = 200ms;  // so that a signal that came just before the wait is noticed
constexpr std::uint64_t kMostBytes = 1 << 20;

// Until the descriptor has one of `events`, the deadline, or the stop.
bool wait_for(int fd, short events, MonotonicTime deadline, const Clock& clock, const StopFlag& stop) {
  while (!stop.load(std::memory_order_relaxed)) {
    const Duration left = deadline - clock.now();
    if (left <= Duration::zero()) return false;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(left, kLongestWait));
    pollfd entry{fd, events, 0};
    if (::poll(&entry, 1, static_cast<int>(wait.count())) > 0) return true;
  }
  return false;
}

int take_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

Endpoint local_endpoint(int fd, const Endpoint& remote) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.length) == 0) {
    if (auto local = from_socket_address(address.get(), address.length)) return *local;
  }
  return {IpAddress::any(remote.address.family()), 0};
}

class ConnectRun {
 public:
  ConnectRun(const Endpoint& remote, const TraceOptions& options, const Clock& clock, const StopFlag& stop)
      : options_(options), clock_(clock), stop_(stop) {
    handshake_.technique = Technique::connect;
    handshake_.tuple = {{IpAddress::any(remote.address.family()), 0}, remote};
  }

  Handshake run() {
    if (auto started = start(); !started) {
      handshake_.failure = std::move(started).error();
      return std::move(handshake_);
    }
    const bool ready = wait_for(fd_.get(), POLLOUT, clock_.now() + options_.timeout, clock_, stop_);
    decide(ready);
    if (handshake_.outcome == Outcome::established) close_politely();
    return std::move(handshake_);
  }

 private:
  [[nodiscard]] std::string attempt() const { return "connect " + to_string(handshake_.tuple.remote); }

  Result<void> start() {
    const Endpoint& remote = handshake_.tuple.remote;
    const int family = to_address_family(remote.address.family());
    fd_ = UniqueFd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_) return system_error("open a TCP socket");
    TCP_TRY(enable_error_queue(fd_.get(), remote.address.family()));
    if (options_.syn_retries) TCP_TRY(limit_syn_retries(fd_.get(), *options_.syn_retries));
    TCP_TRY(apply_shape(fd_.get(), remote.address.family(), options_.shape));
    if (options_.source_port) TCP_TRY(bind_source());
    const SocketAddress address = to_socket_address(remote);
    add(Role::connect_start, Party::client);
    const bool begun = ::connect(fd_.get(), address.get(), address.length) == 0 || errno == EINPROGRESS;
    if (!begun && errno != ECONNREFUSED) return system_error(attempt());  // a refusal on loopback is an answer
    immediate_error_ = begun ? 0 : errno;
    handshake_.tuple.local = local_endpoint(fd_.get(), remote);
    return {};
  }

  Result<void> bind_source() {
    net::try_option(fd_.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    const Endpoint local{IpAddress::any(handshake_.tuple.remote.address.family()), *options_.source_port};
    const SocketAddress address = to_socket_address(local);
    if (::bind(fd_.get(), address.get(), address.length) != 0) return system_error("bind " + to_string(local));
    return {};
  }

  void decide(bool ready) {
    const auto view = read_kernel_view(fd_.get());
    handshake_.syn_count = 1 + (view ? view->syn_retransmissions : 0);
    const int error = immediate_error_ != 0 ? immediate_error_ : ready ? take_socket_error(fd_.get()) : 0;
    if (auto answer = take_icmp_error(fd_.get())) {
      handshake_.events.push_back({clock_.wall_now(), false, Party::network, Role::icmp_error, *answer});
      handshake_.outcome = Outcome::unreachable;
    } else if (!ready && immediate_error_ == 0) {
      handshake_.outcome = stop_.load(std::memory_order_relaxed) ? Outcome::interrupted : Outcome::filtered;
    } else {
      handshake_.outcome = outcome_of(error);
    }
    if (handshake_.outcome == Outcome::established) handshake_.kernel = view;
    if (handshake_.outcome == Outcome::failed) handshake_.failure = system_error(attempt(), error).error();
    finish_event(error);
  }

  static Outcome outcome_of(int error) {
    switch (error) {
      case 0: return Outcome::established;
      case ECONNREFUSED:
      case ECONNRESET: return Outcome::refused;
      case ETIMEDOUT: return Outcome::filtered;
      case EHOSTUNREACH:
      case ENETUNREACH:
      case EPROTO:
      case ENOPROTOOPT: return Outcome::unreachable;  // an ICMP error whose sender the kernel did not keep
      default: return Outcome::failed;
    }
  }

  void finish_event(int error) {
    HandshakeEvent event{clock_.wall_now(), false, Party::kernel, Role::connect_end, {}};
    if (error != 0) event.what = system_error(attempt(), error).error();
    if (error != 0 || handshake_.outcome == Outcome::established) handshake_.events.push_back(std::move(event));
  }

  // What we say and the first answer to it, our FIN, then whatever the server says, then its FIN.
  void close_politely() {
    handshake_.closing = Closing::left_open;
    if (!options_.payload.empty()) say();
    ::shutdown(fd_.get(), SHUT_WR);
    add(Role::fin, Party::client);
    const MonotonicTime deadline = clock_.now() + options_.close_timeout;
    while (handshake_.bytes_received < kMostBytes && wait_for(fd_.get(), POLLIN, deadline, clock_, stop_)) {
      std::array<char, 16384> buffer;
      const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
      if (count > 0) {
        handshake_.bytes_received += static_cast<std::uint64_t>(count);
      } else if (count == 0) {
        handshake_.closing = Closing::orderly;
        add(Role::end_of_stream, Party::kernel);
        return;
      } else if (errno != EINTR && errno != EAGAIN) {
        handshake_.closing = Closing::reset_by_peer;
        HandshakeEvent event{clock_.wall_now(), false, Party::kernel, Role::reset, {}};
        event.what = system_error("read").error();
        handshake_.events.push_back(std::move(event));
        return;
      }
    }
    if (handshake_.bytes_received >= kMostBytes) handshake_.closing_reason = ClosingReason::too_much_data;
    if (stop_.load(std::memory_order_relaxed)) handshake_.closing_reason = ClosingReason::interrupted;
  }

  void say() {
    const ssize_t count = ::send(fd_.get(), options_.payload.data(), options_.payload.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // what is wrong shows when it is read
    handshake_.bytes_sent = static_cast<std::uint64_t>(count);
    add(Role::data, Party::client);
    wait_for(fd_.get(), POLLIN, clock_.now() + options_.close_timeout, clock_, stop_);
  }

  void add(Role role, Party from) { handshake_.events.push_back({clock_.wall_now(), false, from, role, {}}); }

  const TraceOptions& options_;
  const Clock& clock_;
  const StopFlag& stop_;
  UniqueFd fd_;
  int immediate_error_ = 0;
  Handshake handshake_;
};

}  // namespace

Handshake run_connect(const Endpoint& remote, const TraceOptions& options, const Clock& clock, const StopFlag& stop) {
  return ConnectRun(remote, options, clock, stop).run();
}

}  // namespace tcp::trace
