// SPDX-License-Identifier: MIT
// A pause between one line and the next: what follows a LF waits, the end of the input does not.
#pragma once

#include <cstddef>
#include <span>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

class LinePacer {
 public:
  explicit LinePacer(Duration pause) : pause_(pause) {}

  // What may be sent together: up to and with the first LF. At least one byte of at least one.
  [[nodiscard]] static std::span<const std::byte> piece(std::span<const std::byte> bytes);
  // When the next byte may go.
  [[nodiscard]] MonotonicTime ready_at() const noexcept { return ready_at_; }
  // These bytes, some of a piece, have gone.
  void sent(std::span<const std::byte> bytes, MonotonicTime now);

 private:
  Duration pause_;
  MonotonicTime ready_at_ = MonotonicTime::min();
};

}  // namespace tcp::stream
