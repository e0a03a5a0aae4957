// SPDX-License-Identifier: MIT
// The seam between the scan and the world: probes go out, answers come in. Kernel sockets behind it in a run, a script
// in a test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/scan/answer.hpp"

namespace tcp::scan {

class Network {
 public:
  virtual ~Network() = default;

  // Takes as many of the batch, from its front, as there is room for now; 0 is "later". A probe that cannot be sent
  // counts as taken and is answered by not_sent. Errors end the scan.
  [[nodiscard]] virtual Result<std::size_t> send(std::span<const Probe> batch) = 0;

  // Returns as soon as there is an answer, with all there are; with none at the deadline or when a signal came. The
  // answers are valid until the next call. Errors end the scan.
  [[nodiscard]] virtual Result<std::span<const Answer>> receive(MonotonicTime deadline) = 0;

  // Answers that came and were lost for want of room, since the last call.
  [[nodiscard]] virtual std::uint64_t take_lost() { return 0; }
};

}  // namespace tcp::scan
