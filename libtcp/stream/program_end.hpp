// SPDX-License-Identifier: MIT
// A child process as an end of a relay, whatever leads to it.
#pragma once

#include "libtcp/stream/end.hpp"

namespace tcp::stream {

class ProgramEnd : public End {
 public:
  // For good: the child is to see that nobody is there any more.
  virtual void close() noexcept = 0;
  // It was left alone since it went on after the end of its input: it may not finish what it does.
  [[nodiscard]] virtual bool has_hung_up() const noexcept { return false; }
};

}  // namespace tcp::stream
