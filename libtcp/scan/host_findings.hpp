// SPDX-License-Identifier: MIT
// What the search for hosts that are alive has found, host by host, with the evidence.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/scan/host_set.hpp"

namespace tcp::scan {

// `unknown`: it could not be asked, or was not. `silent`: nothing says that it is there, and nothing that it is not.
enum class HostState : std::uint8_t { unknown, alive, silent, down };

enum class HostEvidence : std::uint8_t {
  none,
  own_address,       // alive: an address of this host
  answered_earlier,  // taken for alive: an earlier scan had answers of it
  neighbour,         // alive: its link-layer address is known
  echo_reply,        // alive
  syn_ack,           // alive
  rst,               // alive
  icmp_error,        // alive: the host itself sent it
  no_neighbour,      // down: nobody on the link answers for it
  unreachable,       // down: a router says that it cannot reach the host
  silence,           // silent
  icmp_from_other,   // silent: somebody on the way sent an error that says nothing about the host
};

[[nodiscard]] HostState state_of(HostEvidence evidence) noexcept;
// "unknown", "alive", "silent", "down"
[[nodiscard]] std::string_view to_string(HostState state) noexcept;
// "echo-reply" and so on
[[nodiscard]] std::string_view to_string(HostEvidence evidence) noexcept;

struct HostFinding {
  IpAddress host;
  HostEvidence evidence = HostEvidence::none;
  std::uint8_t echo_requests = 0;  // that it got in vain
  std::uint8_t tcp_tries = 0;      // of each TCP probe, in vain
  std::uint8_t tcp_probes = 0;     // how many different ones there are
  std::optional<packet::IcmpHeader> icmp;
  std::optional<IpAddress> icmp_sender;

  [[nodiscard]] HostState state() const noexcept { return state_of(evidence); }
};

// For people: "echo-reply", "no answer to 2 echo requests and 3 TCP probes, each sent twice",
// "icmp host unreachable from 192.0.2.254".
[[nodiscard]] std::string explain(const HostFinding& finding);

// Of up to kMostLeftOut hosts, by index: two bytes each.
class HostFindings {
 public:
  HostFindings() = default;
  HostFindings(std::uint64_t hosts, std::uint8_t tcp_probes) : records_(hosts), tcp_probes_(tcp_probes) {}

  [[nodiscard]] std::uint64_t size() const noexcept { return records_.size(); }
  [[nodiscard]] HostState state(std::uint64_t host) const noexcept { return state_of(records_[host].evidence); }
  // All but `host`.
  [[nodiscard]] HostFinding operator[](std::uint64_t host) const;
  [[nodiscard]] std::uint64_t count(HostState state) const noexcept;

  // What is alive or down stays so.
  void set(std::uint64_t host, HostEvidence evidence) noexcept;
  // The error that is behind the evidence; of the first 65,536 hosts with one.
  void set_icmp(std::uint64_t host, const packet::IcmpHeader& icmp, const IpAddress& sender);
  void add_silence(std::uint64_t host, unsigned echo_requests, unsigned tcp_tries) noexcept;
  // Silence says nothing: who was silent is unknown.
  void forget_silence() noexcept;

  // Silent and down.
  [[nodiscard]] LeftOut left_out() const;

 private:
  struct Record {
    HostEvidence evidence = HostEvidence::none;
    std::uint8_t tries = 0;  // echo requests, and above them tries of TCP probes
  };
  struct Icmp {
    packet::IcmpHeader header;
    IpAddress sender;
  };

  std::vector<Record> records_;
  std::uint8_t tcp_probes_ = 0;
  std::unordered_map<std::uint64_t, Icmp> icmp_;
};

}  // namespace tcp::scan
