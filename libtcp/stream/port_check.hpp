// SPDX-License-Identifier: MIT
// Which of several ports of a host can be connected to.
#pragma once

#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/ports/port_set.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/retry.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

struct PortCheckOptions {
  DialOptions dial;  // its target is a host, whose port is not looked at
  ports::PortSet ports;
  RetryOptions retry;             // of each port
  std::vector<int> stop_signals;  // handled while it runs; those that the process ignores stay ignored
};

struct PortCheckOutcome {
  std::uint32_t open = 0;
  std::uint32_t checked = 0;
  int signal = 0;  // the one that stopped it
};

constexpr std::uint32_t kMostAtOnce = 64;

// How many ports are dialled at once, so that each finds the descriptors it needs.
[[nodiscard]] std::uint32_t ports_at_once(std::uint64_t descriptor_limit, std::size_t addresses) noexcept;

// Tells of each port as its answer comes, and blocks until the last one. Errors: the name has no address.
[[nodiscard]] Result<PortCheckOutcome> run_port_check(const PortCheckOptions& options, SessionObserver& observer,
                                                      const Clock& clock);

}  // namespace tcp::stream
