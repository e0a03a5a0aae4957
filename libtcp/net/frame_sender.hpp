// SPDX-License-Identifier: MIT
// Where whole link-layer frames are written into and sent from, many with one system call.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "libtcp/base/error.hpp"

namespace tcp::net {

// A slot's size; the longest SYN over IPv6 with a VLAN tag has 98.
inline constexpr std::size_t kFrameBytes = 128;

// What became of the frames of a batch.
struct Flushed {
  std::size_t sent = 0;  // so many of them, from the first, left or are under way
  // 0 when all were sent; else what kept the next one from leaving.
  int error_number = 0;
};

// There will be room later.
[[nodiscard]] inline bool is_full_queue(int error_number) noexcept {
  return error_number == ENOBUFS || error_number == EAGAIN;
}

class FrameSender {
 public:
  virtual ~FrameSender() = default;

  // kFrameBytes to write the next frame into; null when the batch is full or the queue is.
  [[nodiscard]] virtual std::uint8_t* slot() = 0;
  // The frame in the slot belongs to the batch.
  virtual void push(std::size_t length) = 0;
  // Sends the batch, and forgets what did not leave.
  [[nodiscard]] virtual Flushed flush() = 0;
};

}  // namespace tcp::net
