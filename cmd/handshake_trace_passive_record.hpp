// SPDX-License-Identifier: MIT
// Observed handshakes, and what they come to, as records.
#pragma once

#include <optional>

#include "cmd/output/record.hpp"
#include "libtcp/net/capture.hpp"
#include "libtcp/sockets/socket_row.hpp"
#include "libtcp/trace/frame_reader.hpp"
#include "libtcp/trace/observed.hpp"
#include "libtcp/trace/passive_summary.hpp"
#include "libtcp/trace/tracker.hpp"

namespace tcp::cmd {

// `owner`: of the local socket, when there is one and it is known.
[[nodiscard]] Record to_record(const trace::ObservedHandshake& handshake,
                               const std::optional<sockets::Process>& owner = {});

// All that a passive run knows at its end.
struct PassiveTotals {
  const trace::PassiveSummary& summary;
  const trace::TrackerCounts& tracker;
  const trace::FrameCounts& frames;
  std::optional<net::CaptureStatistics> live = {};
  std::uint64_t shown = 0;
  std::size_t top = 10;  // servers and clients that are listed
  bool complete = true;
};
[[nodiscard]] Record to_record(const PassiveTotals& totals);

}  // namespace tcp::cmd
