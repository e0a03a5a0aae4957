// SPDX-License-Identifier: MIT
// What many observed handshakes come to: outcomes, round-trip times, and who takes part in most of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "libtcp/trace/connection_table.hpp"
#include "libtcp/trace/observed.hpp"
#include "libtcp/trace/round_trips.hpp"
#include "libtcp/trace/tally_table.hpp"

namespace tcp::trace {

struct OutcomeCounts {
  std::array<std::uint64_t, kObservedOutcomes> counts{};
  [[nodiscard]] std::uint64_t of(ObservedOutcome outcome) const noexcept {
    return counts[static_cast<std::size_t>(outcome)];
  }
  [[nodiscard]] std::uint64_t total() const noexcept;
  [[nodiscard]] std::uint64_t failed() const noexcept;
};

// Handshakes with one server: its address and port.
struct ServerTally {
  OutcomeCounts outcomes;
  std::uint64_t retransmitted = 0;
  RoundTrips round_trips;  // server side, unambiguous ones
  [[nodiscard]] std::uint64_t weight() const noexcept { return outcomes.total() + 1; }
};

// Handshakes that one address began.
struct ClientTally {
  std::uint64_t handshakes = 0;
  std::uint64_t failed = 0;
  std::uint64_t retransmitted = 0;
  [[nodiscard]] std::uint64_t weight() const noexcept { return handshakes + 1; }
};

class PassiveSummary {
 public:
  explicit PassiveSummary(std::uint64_t seed);

  // Tallied a little later, so that the memory of a tally is on its way before it is needed; what is asked below is
  // known up to the last flush().
  void add(const HandshakeGist& handshake);
  void add(std::span<const HandshakeGist> handshakes);
  void flush();

  [[nodiscard]] const OutcomeCounts& outcomes() const noexcept { return outcomes_; }
  [[nodiscard]] std::uint64_t ambiguous() const noexcept { return ambiguous_; }  // round trips that Karn leaves out
  [[nodiscard]] const RoundTrips& server_side() const noexcept { return server_side_; }
  [[nodiscard]] const RoundTrips& client_side() const noexcept { return client_side_; }

  struct Server {
    Endpoint endpoint;
    const ServerTally* tally = nullptr;
  };
  struct Client {
    IpAddress address;
    const ClientTally* tally = nullptr;
  };
  // With most handshakes first; valid until the next add().
  [[nodiscard]] std::vector<Server> top_servers(std::size_t count) const;
  [[nodiscard]] std::vector<Client> top_clients(std::size_t count) const;
  [[nodiscard]] std::size_t servers() const noexcept { return servers_.size(); }
  [[nodiscard]] std::size_t clients() const noexcept { return clients_.size(); }
  // How often a server or client was dropped for want of room; one that comes again begins at nothing.
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return servers_.forgotten() + clients_.forgotten(); }

 private:
  struct PeerKey {
    packet::AddressNumber address;
    std::uint16_t port = 0;
    Family family = Family::v4;
    friend bool operator==(const PeerKey&, const PeerKey&) = default;
  };
  struct PeerHash {
    std::uint64_t seed = 0;
    std::size_t operator()(const PeerKey& key) const noexcept;
  };

  struct Waiting {
    PeerKey server;
    PeerKey client;
    Duration round_trip{-1};  // negative: none
    ObservedOutcome outcome = ObservedOutcome::partial;
    bool retransmitted = false;
    [[nodiscard]] bool timed() const noexcept { return round_trip >= Duration::zero(); }
  };
  void fetch_round_trips(const Waiting& handshake) const;
  void tally(const Waiting& handshake);

  // Those that wait, in a ring: the tallies' places are asked for at once, what they point to halfway.
  static constexpr std::size_t kDelay = 32;
  std::array<Waiting, kDelay> ring_{};
  std::size_t added_ = 0;
  std::size_t tallied_ = 0;
  OutcomeCounts outcomes_;
  std::uint64_t ambiguous_ = 0;
  RoundTrips server_side_;
  RoundTrips client_side_;
  TallyTable<PeerKey, ServerTally, PeerHash> servers_;
  TallyTable<PeerKey, ClientTally, PeerHash> clients_;
};

}  // namespace tcp::trace
