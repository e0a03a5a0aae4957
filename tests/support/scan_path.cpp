// SPDX-License-Identifier: MIT
#include "tests/support/scan_path.hpp"

#include <algorithm>

namespace tcp::scan {
namespace {

Duration seconds(double count) { return Duration(static_cast<std::int64_t>(count * 1e9)); }

}  // namespace

Result<std::size_t> ScanPath::send(std::span<const Probe> batch) {
  for (const Probe& probe : batch) {
    ++sent;
    if (on_probe) on_probe(probe, clock_.now());
    carry(probe);
  }
  return batch.size();
}

void ScanPath::carry(const Probe& probe) {
  MonotonicTime out = clock_.now();
  if (options_.bottleneck > 0) {
    const Duration waiting = std::max(free_at_ - out, Duration(0));
    if (waiting > seconds(options_.queue / options_.bottleneck)) return;
    free_at_ = out + waiting + seconds(1 / options_.bottleneck);
    out = free_at_;
  }
  if (chance(options_.loss)) return;
  const MonotonicTime at_host = out + options_.rtt / 2;
  switch (ports_(probe.target)) {
    case PortBehaviour::open: answer(probe, AnswerKind::syn_ack, at_host); break;
    case PortBehaviour::closed:
      if (!options_.is_limited(probe.target.address) ||
          permits(resets_, probe.target.address, options_.reset_limit, at_host))
        answer(probe, AnswerKind::rst, at_host);
      break;
    case PortBehaviour::rejected:
      if (permits(errors_, probe.target.address, options_.icmp_limit, at_host))
        answer(probe, AnswerKind::icmp, at_host);
      break;
    case PortBehaviour::silent: break;
  }
}

bool ScanPath::permits(std::map<IpAddress, Bucket>& buckets, const IpAddress& host, double rate, MonotonicTime when) {
  if (rate <= 0) return true;
  Bucket& bucket = buckets[host];
  if (!bucket.used) bucket = {options_.reset_burst, when, true};
  const double elapsed = std::chrono::duration<double>(when - bucket.updated).count();
  bucket.tokens = std::min(bucket.tokens + std::max(elapsed, 0.0) * rate, options_.reset_burst);
  bucket.updated = std::max(bucket.updated, when);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void ScanPath::answer(const Probe& probe, AnswerKind kind, MonotonicTime at_host) {
  if (chance(options_.loss)) return;
  Answer answer;
  answer.kind = kind;
  answer.target = probe.target;
  answer.attempt = probe.attempt;
  answer.sender = probe.target.address;
  if (kind == AnswerKind::icmp) answer.icmp = {Family::v4, 3, 13, 0, 0};
  const auto late = [this] {
    return options_.jitter > Duration(0)
               ? Duration(std::uniform_int_distribution<std::int64_t>(0, options_.jitter.count())(random_))
               : Duration(0);
  };
  answer.received = at_host + options_.rtt / 2 + late();
  under_way_.push(answer);
  if (!chance(options_.duplicated)) return;
  answer.received += late();
  under_way_.push(answer);
}

Result<std::span<const Answer>> ScanPath::receive(MonotonicTime deadline) {
  const MonotonicTime next = under_way_.empty() ? deadline : std::min(deadline, under_way_.top().received);
  clock_.set(std::max(clock_.now(), next));
  arrived_.clear();
  for (; !under_way_.empty() && under_way_.top().received <= clock_.now(); under_way_.pop()) {
    arrived_.push_back(under_way_.top());
  }
  return arrived_;
}

}  // namespace tcp::scan
