// SPDX-License-Identifier: MIT
#include "libtcp/scan/connect_network.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "libtcp/scan/connect_outcome.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kReserved = 16;        // descriptors that the rest of the process may need
constexpr std::size_t kMostSockets = 65536;  // kernel memory is somebody's too
constexpr unsigned kMostSelfConnects = 8;
constexpr int kMostEvents = 256;

// ENOBUFS and EADDRNOTAVAIL pass as connections end.
bool is_no_room(int error_number) {
  static constexpr std::array kNoRoom{EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EAGAIN};
  return std::ranges::find(kNoRoom, error_number) != kNoRoom.end();
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  const rlim_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = soft;
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, kMostSockets));
}

timespec to_timespec(Duration duration) {
  const auto nanoseconds = std::max<std::int64_t>(duration.count(), 0);
  return {static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)};
}

}  // namespace

Result<std::unique_ptr<ConnectNetwork>> ConnectNetwork::open(const ConnectNetworkOptions& options, const Clock& clock) {
  const std::size_t limit = raise_descriptor_limit();
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error("epoll_create1");
  const std::size_t capacity = limit > 2 * kReserved ? limit - kReserved : kReserved;
  return std::unique_ptr<ConnectNetwork>(new ConnectNetwork(options, clock, std::move(epoll), capacity));
}

ConnectNetwork::ConnectNetwork(const ConnectNetworkOptions& options, const Clock& clock, UniqueFd epoll,
                               std::size_t capacity)
    : clock_(clock), interface_index_(options.interface_index), epoll_(std::move(epoll)), capacity_(capacity) {}

// A silent connection keeps its place for as long as nobody else needs it: a late answer still counts.
void ConnectNetwork::make_room() {
  const MonotonicTime now = clock_.now();
  while (attempts_.size() >= capacity_ && !patience_.empty() && patience_.top().first <= now) {
    attempts_.erase(patience_.top().second);
    patience_.pop();
  }
}

int ConnectNetwork::watch(Attempt attempt) {
  const Key key = key_of(attempt.probe);
  epoll_event event{};
  event.events = EPOLLOUT;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, attempt.fd.get(), &event) != 0) return errno;
  patience_.emplace(attempt.started + attempt.probe.patience, key);
  attempts_.insert_or_assign(key, std::move(attempt));
  return 0;
}

int ConnectNetwork::start(const Probe& probe, unsigned self_connects) {
  const Family family = probe.target.address.family();
  auto fd = open_probe_socket(family, interface_index_);
  if (!fd && is_no_room(fd.error().code.value())) return fd.error().code.value();
  Answer failure;
  failure.kind = AnswerKind::not_sent;
  if (!fd) {
    failure.error_number = fd.error().code.value();
    answer(probe, failure);
    return 0;
  }
  Attempt attempt{std::move(*fd), probe, clock_.now(), self_connects};
  const SocketAddress address = to_socket_address(probe.target);
  const int error_number = ::connect(attempt.fd.get(), address.get(), address.length) == 0 ? 0 : errno;
  if (is_no_room(error_number)) return error_number;
  // Everything but a refusal on the spot is read from the socket when epoll reports it.
  if (error_number == 0 || error_number == EINPROGRESS) return watch(std::move(attempt));
  const ConnectOutcome outcome = read_outcome(attempt.fd.get(), family, error_number);
  if (outcome.state == ConnectOutcome::State::answered) answer(probe, outcome.answer);
  return 0;
}

void ConnectNetwork::answer(const Probe& probe, Answer answer) {
  answer.target = probe.target;
  answer.attempt = probe.attempt;
  answer.received = clock_.now();
  if (answer.kind != AnswerKind::icmp) answer.sender = probe.target.address;
  ready_.push_back(answer);
}

// The other tries of a pair that has its answer would only make connections that nobody wants.
void ConnectNetwork::forget_pair(std::uint64_t pair) {
  for (std::uint64_t attempt = 0; attempt < kMostTries; ++attempt) attempts_.erase(pair << 4 | attempt);
}

void ConnectNetwork::understand(Key key) {
  const auto found = attempts_.find(key);
  if (found == attempts_.end()) return;
  Attempt& attempt = found->second;
  const Probe probe = attempt.probe;
  ConnectOutcome outcome = read_outcome(attempt.fd.get(), probe.target.address.family(), 0);
  switch (outcome.state) {
    case ConnectOutcome::State::pending: return;
    case ConnectOutcome::State::silent: attempts_.erase(found); return;
    case ConnectOutcome::State::answered:
      if (!outcome.answer.rtt) outcome.answer.rtt = clock_.now() - attempt.started;
      answer(probe, outcome.answer);
      forget_pair(probe.pair);
      return;
    case ConnectOutcome::State::connected_self: break;
  }
  // Another socket gets another source port. Its predecessor must be gone first, or it would be met again.
  const unsigned self_connects = attempt.self_connects + 1;
  attempts_.erase(found);
  const int error_number = self_connects > kMostSelfConnects ? EADDRINUSE : start(probe, self_connects);
  if (error_number == 0) return;
  Answer failure;
  failure.kind = AnswerKind::not_sent;
  failure.error_number = error_number;
  answer(probe, failure);
}

Result<std::size_t> ConnectNetwork::send(std::span<const Probe> batch) {
  make_room();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (attempts_.size() >= capacity_) return i;
    const int error_number = start(batch[i], 0);
    if (error_number == 0) continue;
    if (attempts_.empty() && i == 0 && ready_.empty()) return system_error("open a socket", error_number);
    // Fewer than the limit promised: somebody else holds descriptors too.
    if (error_number == EMFILE || error_number == ENFILE) capacity_ = std::max<std::size_t>(attempts_.size(), 1);
    return i;
  }
  return batch.size();
}

Result<std::span<const Answer>> ConnectNetwork::receive(MonotonicTime deadline) {
  answers_.clear();
  std::array<epoll_event, kMostEvents> events;
  const timespec timeout = to_timespec(ready_.empty() ? deadline - clock_.now() : Duration(0));
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), kMostEvents, &timeout, nullptr);
  if (count < 0 && errno != EINTR) return system_error("epoll_pwait2");
  for (int i = 0; i < count; ++i) understand(events[static_cast<std::size_t>(i)].data.u64);
  answers_.swap(ready_);
  return answers_;
}

}  // namespace tcp::scan
