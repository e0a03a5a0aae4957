// SPDX-License-Identifier: MIT
#include "libtcp/trace/passive_summary.hpp"

#include <algorithm>
#include <numeric>

namespace tcp::trace {
namespace {

constexpr std::size_t kMostServers = 16'384;  // a kilobyte each with many round-trip times
constexpr std::size_t kMostClients = 131'072;

}  // namespace

std::uint64_t OutcomeCounts::total() const noexcept {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::uint64_t OutcomeCounts::failed() const noexcept {
  return total() - of(ObservedOutcome::established) - of(ObservedOutcome::partial);
}

std::size_t PassiveSummary::PeerHash::operator()(const PeerKey& key) const noexcept {
  std::uint64_t hash = (key.address.low ^ seed) * 0x9e3779b97f4a7c15;
  hash ^= hash >> 32;
  hash = (hash ^ key.address.high ^ std::uint64_t{key.port} << 40) * 0xd6e8feb86659fd93;
  hash ^= hash >> 32;
  hash = (hash ^ seed) * 0xa0761d6478bd642f;
  return hash ^ hash >> 29;
}

PassiveSummary::PassiveSummary(std::uint64_t seed) : servers_(kMostServers, seed), clients_(kMostClients, seed) {}

void PassiveSummary::add(const HandshakeGist& handshake) {
  ++outcomes_.counts[static_cast<std::size_t>(handshake.outcome)];
  if (handshake.server_side >= Duration::zero()) server_side_.add(handshake.server_side);
  if (handshake.client_side >= Duration::zero()) client_side_.add(handshake.client_side);
  if (handshake.ambiguous) ++ambiguous_;
  if (handshake.outcome == ObservedOutcome::partial) return;  // who began it is not known
  if (added_ - tallied_ == kDelay) tally(ring_[tallied_++ % kDelay]);
  if (added_ - tallied_ >= kDelay / 2) fetch_round_trips(ring_[(added_ - kDelay / 2) % kDelay]);
  Waiting& waiting = ring_[added_++ % kDelay];
  waiting.server = {handshake.server, handshake.server_port, handshake.family};
  waiting.client = {handshake.client, 0, handshake.family};
  waiting.outcome = handshake.outcome;
  waiting.retransmitted = handshake.retransmitted;
  waiting.round_trip = handshake.server_side;
  servers_.prefetch(waiting.server);
  clients_.prefetch(waiting.client);
}

// They may have been written by another core.
void PassiveSummary::add(std::span<const HandshakeGist> handshakes) {
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < std::min(handshakes.size(), kAhead); ++i) __builtin_prefetch(&handshakes[i]);
  for (std::size_t i = 0; i < handshakes.size(); ++i) {
    if (i + kAhead < handshakes.size()) __builtin_prefetch(&handshakes[i + kAhead]);
    add(handshakes[i]);
  }
}

void PassiveSummary::fetch_round_trips(const Waiting& handshake) const {
  if (!handshake.timed()) return;
  const ServerTally* server = servers_.find(handshake.server);
  if (server != nullptr) server->round_trips.prefetch(handshake.round_trip);
}

void PassiveSummary::flush() {
  while (tallied_ != added_) tally(ring_[tallied_++ % kDelay]);
}

void PassiveSummary::tally(const Waiting& handshake) {
  ServerTally& server = servers_.at(handshake.server);
  ++server.outcomes.counts[static_cast<std::size_t>(handshake.outcome)];
  if (handshake.retransmitted) ++server.retransmitted;
  if (handshake.timed()) server.round_trips.add(handshake.round_trip);
  ClientTally& client = clients_.at(handshake.client);
  ++client.handshakes;
  if (failed(handshake.outcome)) ++client.failed;
  if (handshake.retransmitted) ++client.retransmitted;
}

std::vector<PassiveSummary::Server> PassiveSummary::top_servers(std::size_t count) const {
  std::vector<Server> top;
  for (const auto* entry : servers_.heaviest(count)) {
    top.push_back({{packet::to_address(entry->key.address, entry->key.family), entry->key.port}, &entry->value});
  }
  return top;
}

std::vector<PassiveSummary::Client> PassiveSummary::top_clients(std::size_t count) const {
  std::vector<Client> top;
  for (const auto* entry : clients_.heaviest(count)) {
    top.push_back({packet::to_address(entry->key.address, entry->key.family), &entry->value});
  }
  return top;
}

}  // namespace tcp::trace
