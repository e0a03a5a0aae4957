// SPDX-License-Identifier: MIT
// What the kernel counts about TCP in this network namespace, without a look at a single socket: how many there are
// (/proc/net/sockstat, sockstat6, snmp) and what went wrong since the namespace began (/proc/net/snmp, netstat).
//
// Where counts of sockets come from:
// - `established` (snmp CurrEstab) is ESTABLISHED and CLOSE-WAIT together, both families;
// - `time_wait` (sockstat "tw") is exact, both families;
// - `in_use_v4`, `in_use_v6` (sockstat "TCP: inuse", sockstat6 "TCP6: inuse") are all that listen or have a connection,
//   without TIME-WAIT, SYN-RECEIVED and sockets that are only bound;
// - `orphaned`, `allocated` and `memory_pages` are of the whole host, all network namespaces together.
// The other states, and ESTABLISHED alone, are told by a dump only: count_states(), about 1 µs a socket.
//
// What is told of one listener: SocketInfo::receive_queue and send_queue (and tcp_info's unacked and sacked, which of a
// listener are the same) are the accept queue's length and limit. SocketMemory::drops (Detail::socket_memory) counts
// the SYNs and last ACKs of handshakes it has thrown away since it listens: because the accept queue was full, or for
// lack of memory or of a route back, each repetition by the peer anew. Its share in listen_overflows is not told apart.
// The length of its SYN queue is not told: count the sockets in SYN-RECEIVED with its local end.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/socket_dump.hpp"

namespace tcp::sockets {

enum class CounterKind : std::uint8_t {
  gauge,  // as it is now
  total,  // since this network namespace began
};

struct Counter {
  std::string_view key;          // "listen_overflows"
  std::string_view file;         // below /proc/net
  std::string_view group;        // the word the kernel's line begins with, without its colon: "TcpExt"
  std::string_view kernel_name;  // "ListenOverflows"
  CounterKind kind = CounterKind::total;
  bool whole_host = false;       // of all network namespaces
  std::string_view description;  // in words: "connection attempts refused because an accept queue was full"
};

inline constexpr std::size_t kCounters = 55;
// In the order of reading: sockets, then segments, retransmission, listening, aborts, memory and the rest.
[[nodiscard]] std::span<const Counter, kCounters> counters();

class CounterValues {
 public:
  // By place in counters() or by key; nothing when this kernel does not tell it.
  [[nodiscard]] std::optional<std::uint64_t> get(std::size_t place) const;
  [[nodiscard]] std::optional<std::uint64_t> get(std::string_view key) const;

  // Takes what `text` tells, of untrusted content: the form of /proc/net/snmp and netstat, a line of names above a line
  // of values, or that of sockstat, names and values in turn. What is not understood is passed over.
  void take_table(std::string_view file, std::string_view text);
  void take_pairs(std::string_view file, std::string_view text);

 private:
  void take(std::string_view file, std::string_view group, std::string_view name, std::string_view value);
  std::array<std::optional<std::uint64_t>, kCounters> values_;
};

// Of the network namespace of the calling thread. `proc_net`: another directory in tests.
// Errors: none of the files can be read.
[[nodiscard]] Result<CounterValues> read_counters(const char* proc_net = "/proc/thread-self/net");

// By TcpState's number.
using StateCounts = std::array<std::uint64_t, 16>;
// Of the sockets a dump tells. Sockets that are only bound count as bound_inactive, request sockets as syn_received.
// Errors: dump_sockets'.
struct StateCountOutcome {
  StateCounts counts{};
  DumpOutcome dump;
};
[[nodiscard]] Result<StateCountOutcome> count_states(StateSet states, std::optional<Family> family, bool mptcp);

}  // namespace tcp::sockets
