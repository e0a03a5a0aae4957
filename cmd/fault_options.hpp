// SPDX-License-Identifier: MIT
// --delay-accept, --reset-after, --stall-after: a listener that misbehaves on purpose.
#pragma once

#include <string>

#include "cmd/options.hpp"
#include "libtcp/stream/fault_options.hpp"

namespace tcp::cmd {

class FaultWords {
 public:
  void define(CLI::App& app);
  // Errors: words that are off, or at odds with each other.
  [[nodiscard]] Result<stream::FaultOptions> settle() const;

 private:
  std::string delay_;
  std::string reset_after_;
  std::string stall_after_;
};

}  // namespace tcp::cmd
