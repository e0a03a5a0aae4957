// SPDX-License-Identifier: MIT
// What the first segment of `handshake-trace` looks like, and what follows the handshake.
#pragma once

#include <string>
#include <string_view>

#include "cmd/options.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::cmd {

struct TraceSynWords {
  std::string mss;
  std::string window;
  std::string window_scale;
  std::string time_to_live;
  std::string dscp;
  std::string source_port;
  std::string flags;
  std::string send;
  bool no_sack = false;
  bool no_timestamps = false;
  bool ecn = false;
  bool accurate_ecn = false;
  bool fast_open = false;
  bool multipath = false;
  bool half_open = false;

  void define(CLI::App& app);
  // The first option that the kernel's connect() cannot obey; empty: none.
  [[nodiscard]] std::string_view first_crafted() const;
};

// Fills shape, half_open, payload and source_port. `connect`: --technique connect. Errors: words that are off, at odds
// with each other, or of no use with connect().
[[nodiscard]] Result<void> settle(const TraceSynWords& words, bool connect, trace::TraceOptions& options);

}  // namespace tcp::cmd
