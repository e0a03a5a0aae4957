// SPDX-License-Identifier: MIT
// The largest packet that comes through to a target: what was found, and who said what about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

enum class MtuOutcome : std::uint8_t {
  found,
  not_connected,  // nobody accepted, so nothing can be acknowledged
  reset,          // the peer ended the connection before the search was over
  unanswered,     // the peer acknowledges no old duplicate, not even a small one
  failed,
  interrupted,
};

// "Fragmentation needed" or "packet too big".
struct MtuNotice {
  IpAddress sender;
  std::uint32_t size = 0;            // of the packet that it is about
  std::optional<std::uint32_t> mtu;  // as told; absent: a zero
  bool plausible = true;             // less than `size`, and not below what the family guarantees
};

struct MtuProbe {
  std::uint32_t size = 0;  // of the IP packet
  std::uint32_t sent = 0;
  bool passed = false;
  bool told = false;  // an ICMP error says that it is too big
};

// A hop on the way, when it answered.
struct MtuHop {
  std::uint8_t number = 0;
  std::optional<IpAddress> address;
};

struct PathMtu {
  Endpoint remote;
  std::optional<IpAddress> local;
  Technique technique = Technique::raw;
  WallTime started;
  MtuOutcome outcome = MtuOutcome::failed;
  std::uint32_t mtu = 0;         // bytes of an IP packet; of a kernel's connection what it believes
  std::uint32_t local_mtu = 0;   // of the route; larger ones were not tried
  std::vector<MtuProbe> probes;  // in the order of sending
  std::vector<MtuNotice> notices;
  bool black_hole = false;             // larger ones vanish, and no plausible notice came
  std::optional<MtuHop> last_through;  // of a black hole: the last hop that a larger one reaches
  std::optional<MtuHop> first_beyond;  // the next one, as small packets know it
  Closing closing = Closing::none;
  std::optional<Error> failure;
};

[[nodiscard]] std::string_view to_string(MtuOutcome outcome);

}  // namespace tcp::trace
