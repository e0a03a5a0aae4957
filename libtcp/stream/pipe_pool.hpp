// SPDX-License-Identifier: MIT
// Pipes through which bytes pass inside the kernel, kept for the next one who needs one: a connection holds a pipe only
// while there are bytes in it.
#pragma once

#include <optional>
#include <vector>

#include "libtcp/base/unique_fd.hpp"

namespace tcp::stream {

// Non-blocking.
struct PipePair {
  UniqueFd reader;
  UniqueFd writer;
};

class PipePool {
 public:
  // A pipe without bytes in it, or none when the process has no descriptors left (errno).
  [[nodiscard]] std::optional<PipePair> take();
  // `pipe` must be empty again.
  void give_back(PipePair pipe);

  // That of this thread.
  [[nodiscard]] static PipePool& shared();

 private:
  std::vector<PipePair> free_;
};

}  // namespace tcp::stream
