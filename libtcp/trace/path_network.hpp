// SPDX-License-Identifier: MIT
// The wire as a path trace needs it: segments of several flows to one target, and what comes back from anywhere.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/trace/path_probes.hpp"

namespace tcp::trace {

// A packet that the kernel saw pass.
struct PathObservation {
  struct Ours {  // leaving
    FourTuple tuple;
    Segment segment;
  };
  struct Theirs {  // from the target
    FourTuple tuple;
    Segment segment;
  };
  WallTime time;  // the kernel's
  std::variant<Ours, Theirs, QuotingError> what;
};

class PathNetwork {
 public:
  virtual ~PathNetwork() = default;
  // `payload_bytes` zeros follow the header. Errors: the kernel's.
  [[nodiscard]] virtual Result<void> send(const FourTuple& tuple, const Segment& segment,
                                          std::size_t payload_bytes = 0) = 0;
  // Nothing at the deadline or when a signal came. What has a wrong checksum, or has to do with another host, is not
  // shown.
  [[nodiscard]] virtual Result<std::optional<PathObservation>> receive(MonotonicTime deadline) = 0;
};

}  // namespace tcp::trace
