// SPDX-License-Identifier: MIT
// The wire as the driver of a crafted handshake needs it: two operations.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <variant>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

// A packet that the kernel saw pass and that belongs to one connection.
struct Observation {
  WallTime time;  // the kernel's
  bool sent_by_us = false;
  bool checksum_bad = false;
  std::variant<Segment, IcmpAnswer> what;
};

class Network {
 public:
  virtual ~Network() = default;
  // From the tuple's local endpoint to its remote one. Errors: the kernel's.
  [[nodiscard]] virtual Result<void> send(const FourTuple& tuple, const Segment& segment) = 0;
  // The next packet of the connection in either direction, or an ICMP error about one; nothing at the deadline or when
  // a signal came.
  [[nodiscard]] virtual Result<std::optional<Observation>> receive(const FourTuple& tuple, MonotonicTime deadline) = 0;
};

// For several connections at once.
class SharedNetwork : public Network {
 public:
  struct Delivery {
    std::size_t connection = 0;  // which of them
    Observation seen;
  };
  [[nodiscard]] virtual Result<std::optional<Delivery>> receive_any(std::span<const FourTuple> connections,
                                                                    MonotonicTime deadline) = 0;
};

}  // namespace tcp::trace
