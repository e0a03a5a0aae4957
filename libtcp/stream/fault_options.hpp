// SPDX-License-Identifier: MIT
// How a listener misbehaves on purpose, for people who test clients. Payload is counted that the connection took, of
// each client by itself; under TLS what TLS carries.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

struct FaultOptions {
  // Each client stays in the kernel's queue at least so long before it is accepted.
  Duration accept_delay{};
  // One of the two: when a client has been sent so many bytes, and its TCP has acknowledged them, the connection is
  // reset; or nothing more is sent to it or read from it, and the connection stays.
  std::optional<std::uint64_t> reset_after_bytes;
  std::optional<std::uint64_t> stall_after_bytes;

  [[nodiscard]] bool spoils_connections() const noexcept { return reset_after_bytes || stall_after_bytes; }
};

}  // namespace tcp::stream
