// SPDX-License-Identifier: MIT
// Moves bytes between two descriptors inside the kernel, a step at a time, never waiting: splice(2) where an end is a
// pipe, sendfile(2) from a file to a socket, splice(2) through a pipe of our own otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "libtcp/stream/descriptor_kind.hpp"

namespace tcp::stream {

enum class Step : std::uint8_t {
  moved,
  ended,           // the input has no more
  blocked,         // one of the two is not ready
  input_blocked,   //
  output_blocked,  //
  input_failed,
  output_failed,
  unsupported,  // not between these two; nothing is left inside, so that a copying loop can take over
};

struct StepResult {
  Step step = Step::moved;
  std::size_t bytes = 0;  // that reached the output
  int error_number = 0;
};

class Mover {
 public:
  virtual ~Mover() = default;
  // At most `most` bytes are taken from the input.
  [[nodiscard]] virtual StepResult step(std::uint64_t most) = 0;
  // Whatever was taken from the input has reached the output.
  [[nodiscard]] virtual bool is_empty() const noexcept { return true; }
};

struct MoverEnd {
  int fd = -1;  // borrowed
  DescriptorKind kind = DescriptorKind::socket;
};

// Null when the bytes have to pass through memory.
[[nodiscard]] std::unique_ptr<Mover> make_mover(MoverEnd input, MoverEnd output);

}  // namespace tcp::stream
