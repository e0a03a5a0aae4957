// SPDX-License-Identifier: MIT
#include "libtcp/stream/connect_race.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <random>

#include "libtcp/stream/resolve.hpp"

namespace tcp::stream {
namespace {

std::string address_of(const AttemptFailed& failure) { return to_string(std::get<Endpoint>(failure.remote).address); }

}  // namespace

ConnectRace::ConnectRace(std::vector<IpAddress> order, const DialOptions& options, SessionObserver& observer,
                         const Clock& clock)
    : order_(std::move(order)), options_(options), observer_(observer), clock_(clock) {}

// RFC 8305 §5: one of the family that was not tried last goes first; before any was, it is IPv6.
void ConnectRace::add(const std::vector<IpAddress>& addresses) {
  std::vector<IpAddress> waiting(order_.begin() + static_cast<std::ptrdiff_t>(next_), order_.end());
  const std::size_t before = waiting.size();
  const auto is_known = [this](const IpAddress& each) { return std::ranges::find(order_, each) != order_.end(); };
  std::ranges::remove_copy_if(addresses, std::back_inserter(waiting), is_known);
  if (waiting.size() == before) return;
  if (!order_.empty()) {
    const Family first = next_ > 0 && order_[next_ - 1].family() == Family::v6 ? Family::v4 : Family::v6;
    std::ranges::stable_partition(waiting, [first](const IpAddress& each) { return each.family() == first; });
  }
  order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(next_), order_.end());
  std::ranges::copy(interleave_families(waiting), std::back_inserter(order_));
}

std::optional<int> ConnectRace::start_next() {
  const Endpoint remote{order_[next_++], target().port};
  auto socket = begin(remote);
  if (refusal_) return std::nullopt;
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
    winner_ = Winner{std::move(attempt->socket), attempt->remote, clock_.now() - attempt->started};
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

// A source port is taken when another socket has it, or has it for the same remote endpoint (EADDRNOTAVAIL).
Result<UniqueFd> ConnectRace::begin(const Endpoint& remote) {
  if (!options_.source_ports) return begin_from(remote, 0);
  const ports::PortRange range = *options_.source_ports;
  const std::uint32_t start = range.count() == 1 ? 0 : std::random_device()() % range.count();
  for (std::uint32_t i = 0;; ++i) {
    const auto port = static_cast<std::uint16_t>(range.first + (start + i) % range.count());
    auto socket = begin_from(remote, port);
    if (socket || refusal_ || i + 1 == range.count()) return socket;
    const Error& error = socket.error();
    if (!error.is(std::errc::address_in_use) && !error.is(std::errc::address_not_available)) return socket;
  }
}

Result<UniqueFd> ConnectRace::open_socket(const Endpoint& remote) {
  auto socket = open_tcp_socket(remote.address.family(), options_.socket.multipath);
  if (!socket) {
    const bool lacks_family = socket.error().is(std::errc::address_family_not_supported);
    if (options_.socket.multipath && !lacks_family) refusal_ = socket.error();
    return socket;
  }
  const auto applied = apply(options_.socket, socket->get(), remote, SocketRole::dialing);
  if (applied) return socket;
  refusal_ = applied.error();
  return std::unexpected(applied.error());
}

Result<UniqueFd> ConnectRace::begin_from(const Endpoint& remote, std::uint16_t source_port) {
  TCP_TRY_ASSIGN(socket, open_socket(remote));
  TCP_TRY(bind_source(socket.get(), remote.address.family(), source_port));
  const SocketAddress address = to_socket_address(remote);
  const int result = ::connect(socket.get(), address.get(), address.length);
  if (result != 0 && errno != EINPROGRESS && errno != EINTR) return system_error("connect to " + to_string(remote));
  return std::move(socket);
}

// Without a port of its own the kernel chooses one at connect(2), when it knows the destination and has more to choose
// from. With one, a connection in TIME-WAIT or a rival attempt is no obstacle.
Result<void> ConnectRace::bind_source(int fd, Family family, std::uint16_t port) const {
  if (!options_.source_address && port == 0) return {};
  const int yes = 1;
  if (port == 0) {
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  } else {
    TCP_TRY(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  }
  return bind_socket(fd, {options_.source_address.value_or(IpAddress::any(family)), port});
}

// A refusal or a timeout is an answer about the service; it outranks what only says something about a path.
Error ConnectRace::failure() const {
  const auto is_answer = [](const AttemptFailed& each) {
    return each.error.is(std::errc::connection_refused) || each.error.is(std::errc::timed_out);
  };
  const auto answer = std::ranges::find_if(failures_, is_answer);
  Error error = answer == failures_.end() ? failures_.back().error : answer->error;
  if (failures_.size() == 1 && parse_ip_address(target().host)) return error;
  error.attempt = "connect to " + to_string(target());
  error.detail.clear();
  for (const AttemptFailed& each : failures_) {
    error.detail += (error.detail.empty() ? "" : "; ") + address_of(each) + ": " + each.error.code.message();
  }
  return error;
}

Error ConnectRace::timeout() const {
  Error error{make_error_code(Errc::timed_out), "connect to " + to_string(target()), {}, {}};
  if (failures_.empty()) return error;
  error.detail = "timed out";
  for (const AttemptFailed& each : failures_) {
    error.detail += "; " + address_of(each) + ": " + each.error.code.message();
  }
  return error;
}

}  // namespace tcp::stream
