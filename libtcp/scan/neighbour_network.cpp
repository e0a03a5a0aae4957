// SPDX-License-Identifier: MIT
#include "libtcp/scan/neighbour_network.hpp"

#include <algorithm>
#include <cerrno>
#include <thread>

#include "libtcp/scan/not_sent.hpp"

namespace tcp::scan {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostAsked = 384;         // the kernel's table has room for 512 before it looks for any to forget
constexpr std::size_t kMostNeighbours = 65536;  // read from the kernel
constexpr Duration kFirstPause = 1ms;
constexpr Duration kLongestPause = 50ms;

}  // namespace

Result<std::size_t> NeighbourNetwork::send(std::span<const Probe> batch) {
  std::size_t taken = 0;
  for (; taken < batch.size() && asked_.size() < kMostAsked; ++taken) ask(batch[taken]);
  return taken;
}

void NeighbourNetwork::ask(const Probe& probe) {
  const Way& way = ways_.to(probe.target.address);
  if (way.error_number != 0) return answer(probe, AnswerKind::not_sent, way.error_number);
  if (const auto asked = net::ask_for_neighbour(way.interface_index, probe.target.address); !asked) {
    return answer(probe, AnswerKind::not_sent, error_number_of(asked.error()));
  }
  asked_[{way.interface_index, probe.target.address.without_scope()}] = probe;
}

void NeighbourNetwork::answer(const Probe& probe, AnswerKind kind, int error_number) {
  Answer answer;
  answer.kind = kind;
  answer.target = probe.target;
  answer.attempt = probe.attempt;
  answer.received = clock_.now();
  answer.sender = probe.target.address;
  answer.error_number = error_number;
  ready_.push_back(answer);
}

// An entry that is stale was confirmed some time ago; what the scan then finds is no less true for it.
Result<bool> NeighbourNetwork::look() {
  if (asked_.empty()) return false;
  TCP_TRY_ASSIGN(known, net::list_neighbours(kMostNeighbours));
  for (const net::Neighbour& neighbour : known) {
    if (!neighbour.mac_address && !neighbour.failed) continue;
    const auto found = asked_.find({neighbour.interface_index, neighbour.address.without_scope()});
    if (found == asked_.end()) continue;
    if (neighbour.mac_address) answer(found->second, AnswerKind::presence, 0);
    if (!neighbour.mac_address) answer(found->second, AnswerKind::not_sent, EHOSTUNREACH);
    asked_.erase(found);
  }
  return !ready_.empty();
}

Result<std::span<const Answer>> NeighbourNetwork::receive(MonotonicTime deadline) {
  answers_.clear();
  for (Duration pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    TCP_TRY_ASSIGN(found, look());
    const Duration left = deadline - clock_.now();
    if (found || !ready_.empty() || left <= 0ns) break;
    std::this_thread::sleep_for(std::min(pause, left));
  }
  answers_.swap(ready_);
  return answers_;
}

}  // namespace tcp::scan
