// SPDX-License-Identifier: MIT
// The ways to probe a port, one row each: what is sent, and what an answer to it means.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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

}  // namespace tcp::scan
