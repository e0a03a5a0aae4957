// SPDX-License-Identifier: MIT
// The ways to probe a port, one row each: what is sent, and what an answer to it means.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "libtcp/scan/answer.hpp"

namespace tcp::scan {

struct Verdict {
  PortState state = PortState::filtered;
  Reason reason = Reason::silence;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

struct Technique {
  std::string_view name;  // as --technique takes it
  std::string_view summary;
  bool raw = false;                // makes its own segments: needs CAP_NET_RAW
  std::uint16_t control_bits = 0;  // of the probe, when raw
  // Nothing when the answer says nothing about the port.
  std::optional<Verdict> (*classify)(const Answer& answer) noexcept = nullptr;
  // What silence after the last try means.
  Verdict silence;
};

[[nodiscard]] std::span<const Technique> techniques() noexcept;
// Null when there is none of that name.
[[nodiscard]] const Technique* find_technique(std::string_view name) noexcept;
// "auto, syn, connect, …": what --technique takes.
[[nodiscard]] std::string technique_names();

// The technique whose reading of the answers holds for a probe with these control bits, by RFC 9293 §3.10.7: ack where
// ACK is set, otherwise syn where SYN is, otherwise null. Null pointer with RST: nobody answers one.
[[nodiscard]] const Technique* technique_for(std::uint16_t control_bits) noexcept;

}  // namespace tcp::scan
