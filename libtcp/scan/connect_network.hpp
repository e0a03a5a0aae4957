// SPDX-License-Identifier: MIT
// Probes as connections of the kernel, as many at once as there are descriptors; each is reset as soon as it is
// understood. Needs no privilege.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/tcp_attempt.hpp"
#include "libtcp/scan/network.hpp"

namespace tcp::scan {

using ConnectNetworkOptions = net::TcpAttemptOptions;

class ConnectNetwork final : public Network {
 public:
  // Raises this process's soft limit of descriptors to the hard one. `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<ConnectNetwork>> open(const ConnectNetworkOptions& options,
                                                                    const Clock& clock);

  [[nodiscard]] Result<std::size_t> send(std::span<const Probe> batch) override;
  [[nodiscard]] Result<std::span<const Answer>> receive(MonotonicTime deadline) override;

 private:
  struct Attempt {
    net::TcpAttempt connection;
    Probe probe;
    MonotonicTime started;
    unsigned self_connects = 0;
  };
  using Key = std::uint64_t;  // pair and attempt: a try is made once
  using Patience = std::pair<MonotonicTime, Key>;

  ConnectNetwork(const ConnectNetworkOptions& options, const Clock& clock, UniqueFd epoll, std::size_t capacity);
  [[nodiscard]] static Key key_of(const Probe& probe) noexcept { return probe.pair << 4 | probe.attempt; }
  // For one more; false while all are still waited for.
  [[nodiscard]] bool make_room(MonotonicTime now);
  // 0 when taken, EMFILE and its kin when there is no room for it.
  [[nodiscard]] int start(const Probe& probe, unsigned self_connects);
  [[nodiscard]] bool asks_at_once() noexcept;
  [[nodiscard]] int watch(Attempt attempt);
  void on_event(Key key);
  [[nodiscard]] std::optional<Answer> understand(const Attempt& attempt, const net::AttemptOutcome& outcome) const;
  void conclude(Attempt attempt, const net::AttemptOutcome& outcome);
  void answer(const Probe& probe, Answer answer);
  void refuse(const Probe& probe, int error_number);
  void forget_pair(std::uint64_t pair);

  const Clock& clock_;
  ConnectNetworkOptions options_;
  UniqueFd epoll_;
  std::size_t capacity_;
  std::unordered_map<Key, Attempt> attempts_;
  std::priority_queue<Patience, std::vector<Patience>, std::greater<>> patience_;
  unsigned wasted_ = 0;          // times in a row that asking at once was too early
  std::vector<Answer> ready_;    // not yet handed out
  std::vector<Answer> answers_;  // handed out by the last receive()
};

}  // namespace tcp::scan
