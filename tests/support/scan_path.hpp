// SPDX-License-Identifier: MIT
// A path to hosts that do not exist, in virtual time: RTT, a bottleneck with its queue, loss each way, and hosts whose
// ports are open, closed or silent, and that may limit their resets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <vector>

#include "libtcp/scan/network.hpp"

namespace tcp::scan {

enum class PortBehaviour : std::uint8_t { open, closed, silent, rejected };

struct PathOptions {
  Duration rtt = std::chrono::milliseconds(1);
  double bottleneck = 0;   // packets a second; 0: none
  double queue = 400;      // packets that wait before it
  double loss = 0;         // of each way
  double reset_limit = 0;  // RST a second of a host; 0: none
  double reset_burst = 50;
  std::function<bool(const IpAddress&)> is_limited = [](const IpAddress&) { return true; };  // whose resets
  double icmp_limit = 0;                                                                     // the same for ICMP errors
  double duplicated = 0;  // share of answers that come twice
  Duration jitter{};      // answers come up to that much later, so in another order
  std::uint64_t seed = 1;
};

class ScanPath final : public Network {
 public:
  using Ports = std::function<PortBehaviour(const Endpoint&)>;

  ScanPath(ManualClock& clock, const PathOptions& options, Ports ports)
      : clock_(clock), options_(options), ports_(std::move(ports)), random_(options.seed) {}

  [[nodiscard]] Result<std::size_t> send(std::span<const Probe> batch) override;
  [[nodiscard]] Result<std::span<const Answer>> receive(MonotonicTime deadline) override;
  [[nodiscard]] std::uint64_t take_lost() override { return std::exchange(lost_answers, 0); }

  std::uint64_t sent = 0;
  std::uint64_t lost_answers = 0;  // to be told by take_lost()
  std::function<void(const Probe&, MonotonicTime)> on_probe;

 private:
  struct Later {
    bool operator()(const Answer& a, const Answer& b) const noexcept { return a.received > b.received; }
  };
  struct Bucket {
    double tokens = 0;
    MonotonicTime updated{};
    bool used = false;
  };

  [[nodiscard]] bool chance(double share) {
    return share > 0 && std::uniform_real_distribution<>(0, 1)(random_) < share;
  }
  [[nodiscard]] bool permits(std::map<IpAddress, Bucket>& buckets, const IpAddress& host, double rate,
                             MonotonicTime when);
  void carry(const Probe& probe);
  void answer(const Probe& probe, AnswerKind kind, MonotonicTime at_host);

  ManualClock& clock_;
  PathOptions options_;
  Ports ports_;
  std::mt19937_64 random_;
  MonotonicTime free_at_{};  // when the bottleneck has sent what waits before it
  std::map<IpAddress, Bucket> resets_;
  std::map<IpAddress, Bucket> errors_;
  std::priority_queue<Answer, std::vector<Answer>, Later> under_way_;
  std::vector<Answer> arrived_;
};

}  // namespace tcp::scan
