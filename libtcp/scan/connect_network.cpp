// SPDX-License-Identifier: MIT
#include "libtcp/scan/connect_network.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "libtcp/net/connecting.hpp"
#include "libtcp/net/wait.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kReserved = 16;        // descriptors that the rest of the process may need
constexpr std::size_t kMostSockets = 65536;  // kernel memory is somebody's too
constexpr unsigned kMostSelfConnects = 8;
constexpr int kMostEvents = 256;
constexpr unsigned kMostWasted = 16;  // in a row, before asking at once becomes rare
constexpr unsigned kAskAgain = 64;    // then one in so many

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256;
  const rlim_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = soft;
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, kMostSockets));
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
    : clock_(clock), options_(options), epoll_(std::move(epoll)), capacity_(capacity) {}

// A silent connection keeps its place for as long as nobody else needs it: a late answer still counts.
bool ConnectNetwork::make_room(MonotonicTime now) {
  while (attempts_.size() >= capacity_) {
    if (patience_.empty() || patience_.top().first > now) return false;
    attempts_.erase(patience_.top().second);
    patience_.pop();
  }
  return true;
}

int ConnectNetwork::watch(Attempt attempt) {
  const Key key = key_of(attempt.probe);
  epoll_event event{};
  event.events = EPOLLOUT;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, attempt.connection.fd(), &event) != 0) return errno;
  patience_.emplace(attempt.started + attempt.probe.patience, key);
  attempts_.insert_or_assign(key, std::move(attempt));
  return 0;
}

// A peer on this host or next door has answered by the time that connect(2) returns. Where that is not so, the question
// is asked now and then only.
bool ConnectNetwork::asks_at_once() noexcept { return wasted_ < kMostWasted || wasted_++ % kAskAgain == 0; }

int ConnectNetwork::start(const Probe& probe, unsigned self_connects) {
  const MonotonicTime started = clock_.now();
  auto connection = net::TcpAttempt::start(probe.target, options_);
  if (!connection) {
    const int error_number = connection.error().code.value();
    if (net::is_no_room(error_number)) return error_number;
    refuse(probe, error_number);
    return 0;
  }
  Attempt attempt{std::move(*connection), probe, started, self_connects};
  if (!asks_at_once()) return watch(std::move(attempt));
  const net::AttemptOutcome outcome = attempt.connection.check(probe.target);
  const bool is_early = outcome.state == net::AttemptOutcome::State::pending;
  wasted_ = is_early ? wasted_ + 1 : 0;
  if (is_early) return watch(std::move(attempt));
  conclude(std::move(attempt), outcome);
  return 0;
}

void ConnectNetwork::answer(const Probe& probe, Answer answer) {
  answer.target = probe.target;
  answer.attempt = probe.attempt;
  answer.received = clock_.now();
  if (answer.kind != AnswerKind::icmp) answer.sender = probe.target.address;
  ready_.push_back(answer);
}

void ConnectNetwork::refuse(const Probe& probe, int error_number) {
  Answer failure;
  failure.kind = AnswerKind::not_sent;
  failure.error_number = error_number;
  answer(probe, failure);
}

// The other tries of a pair that has its answer would only make connections that nobody wants.
void ConnectNetwork::forget_pair(std::uint64_t pair) {
  if (attempts_.empty()) return;
  for (std::uint64_t attempt = 0; attempt < kMostTries; ++attempt) attempts_.erase(pair << 4 | attempt);
}

// What an outcome that is final means; nothing: silence.
std::optional<Answer> ConnectNetwork::understand(const Attempt& attempt, const net::AttemptOutcome& outcome) const {
  Answer answer;
  answer.rtt = outcome.rtt ? *outcome.rtt : clock_.now() - attempt.started;
  if (outcome.state == net::AttemptOutcome::State::connected) return answer;
  if (outcome.state == net::AttemptOutcome::State::icmp) {
    answer.kind = AnswerKind::icmp;
    answer.icmp.family = attempt.probe.target.address.family();
    answer.icmp.type = outcome.icmp.type;
    answer.icmp.code = outcome.icmp.code;
    answer.sender = outcome.icmp.sender;
    return answer;
  }
  switch (outcome.error_number) {
    case ETIMEDOUT: return std::nullopt;  // the kernel has given up; the prober decides what that means
    case ECONNREFUSED: answer.kind = AnswerKind::rst; return answer;
    // The handshake was complete, then the peer changed its mind.
    case ECONNRESET:
    case EPIPE: return answer;
    default: break;
  }
  answer.kind = AnswerKind::not_sent;
  answer.error_number = outcome.error_number;
  return answer;
}

void ConnectNetwork::conclude(Attempt attempt, const net::AttemptOutcome& outcome) {
  const Probe probe = attempt.probe;
  if (outcome.state != net::AttemptOutcome::State::connected_self) {
    if (const auto found = understand(attempt, outcome)) {
      answer(probe, *found);
      forget_pair(probe.pair);
    }
    return;
  }
  // Another socket gets another source port. Its predecessor must be gone first, or it would be met again.
  const unsigned self_connects = attempt.self_connects + 1;
  {
    const Attempt gone = std::move(attempt);
  }
  const int error_number = self_connects > kMostSelfConnects ? EADDRINUSE : start(probe, self_connects);
  if (error_number != 0) refuse(probe, error_number);
}

void ConnectNetwork::on_event(Key key) {
  const auto found = attempts_.find(key);
  if (found == attempts_.end()) return;
  const net::AttemptOutcome outcome = found->second.connection.check_event(found->second.probe.target);
  if (outcome.state == net::AttemptOutcome::State::pending) return;
  Attempt attempt = std::move(found->second);
  attempts_.erase(found);
  conclude(std::move(attempt), outcome);
}

Result<std::size_t> ConnectNetwork::send(std::span<const Probe> batch) {
  const MonotonicTime now = clock_.now();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!make_room(now)) return i;
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
  const timespec timeout = net::to_timespec(ready_.empty() ? deadline - clock_.now() : Duration(0));
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), kMostEvents, &timeout, nullptr);
  if (count < 0 && errno != EINTR) return system_error("epoll_pwait2");
  for (int i = 0; i < count; ++i) on_event(events[static_cast<std::size_t>(i)].data.u64);
  answers_.swap(ready_);
  return answers_;
}

}  // namespace tcp::scan
