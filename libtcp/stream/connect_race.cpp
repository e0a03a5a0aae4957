// SPDX-License-Identifier: MIT
#include "libtcp/stream/connect_race.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace tcp::stream {

ConnectRace::ConnectRace(std::vector<IpAddress> order, const DialOptions& options, SessionObserver& observer,
                         const Clock& clock)
    : order_(std::move(order)), options_(options), observer_(observer), clock_(clock) {}

std::optional<int> ConnectRace::start_next() {
  const Endpoint remote{order_[next_++], options_.port};
  auto socket = begin(remote);
  if (!socket) {
    fail(remote, std::move(socket).error());
    return std::nullopt;
  }
  const int fd = socket->get();
  attempts_.push_back({remote, std::move(*socket), clock_.now()});
  ++running_;
  return fd;
}

bool ConnectRace::settle(int fd) {
  const auto attempt = std::ranges::find(attempts_, fd, [](const Attempt& each) { return each.socket.get(); });
  if (attempt == attempts_.end()) return false;
  const std::error_code error = pending_error(fd);
  if (!error) {
    winner_ = Winner{std::move(attempt->socket), clock_.now() - attempt->started};
    return true;
  }
  fail(attempt->remote, Error{error, "connect to " + to_string(attempt->remote), {}, {}});
  attempt->socket.reset();
  --running_;
  return false;
}

ConnectRace::Winner ConnectRace::take_winner() {
  attempts_.clear();
  return std::move(*winner_);
}

void ConnectRace::fail(const Endpoint& remote, Error error) {
  failures_.push_back({remote, std::move(error)});
  observer_.on_attempt_failed(failures_.back());
}

Result<UniqueFd> ConnectRace::begin(const Endpoint& remote) const {
  TCP_TRY_ASSIGN(socket, open_tcp_socket(remote.address.family()));
  TCP_TRY(bind_source(socket.get(), remote.address.family()));
  const SocketAddress address = to_socket_address(remote);
  const int result = ::connect(socket.get(), address.get(), address.length);
  if (result != 0 && errno != EINPROGRESS && errno != EINTR) return system_error("connect to " + to_string(remote));
  return std::move(socket);
}

// Without a port of its own the kernel chooses one at connect(2), when it knows the destination and has more to choose
// from. With one, a connection in TIME-WAIT or a rival attempt is no obstacle.
Result<void> ConnectRace::bind_source(int fd, Family family) const {
  if (!options_.source_address && options_.source_port == 0) return {};
  const int yes = 1;
  if (options_.source_port == 0) {
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  } else {
    TCP_TRY(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  }
  return bind_socket(fd, {options_.source_address.value_or(IpAddress::any(family)), options_.source_port});
}

std::string ConnectRace::target() const {
  const auto literal = parse_ip_address(options_.host);
  if (literal) return to_string(Endpoint{*literal, options_.port});
  return options_.host + ":" + std::to_string(options_.port);
}

// A refusal or a timeout is an answer about the service; it outranks what only says something about a path.
Error ConnectRace::failure() const {
  const auto is_answer = [](const AttemptFailed& each) {
    return each.error.is(std::errc::connection_refused) || each.error.is(std::errc::timed_out);
  };
  const auto answer = std::ranges::find_if(failures_, is_answer);
  Error error = answer == failures_.end() ? failures_.back().error : answer->error;
  if (failures_.size() == 1 && parse_ip_address(options_.host)) return error;
  error.attempt = "connect to " + target();
  error.detail.clear();
  for (const AttemptFailed& each : failures_) {
    error.detail +=
        (error.detail.empty() ? "" : "; ") + to_string(each.remote.address) + ": " + each.error.code.message();
  }
  return error;
}

Error ConnectRace::timeout() const {
  Error error{make_error_code(Errc::timed_out), "connect to " + target(), {}, {}};
  if (failures_.empty()) return error;
  error.detail = "timed out";
  for (const AttemptFailed& each : failures_) {
    error.detail += "; " + to_string(each.remote.address) + ": " + each.error.code.message();
  }
  return error;
}

}  // namespace tcp::stream
