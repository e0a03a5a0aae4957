// SPDX-License-Identifier: MIT
// Notices that an interface which probes have left through is gone or down: what then looks like silence is not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::scan {

class LinkWatch {
 public:
  // Watched from now on if it is running. Cheap when it is known.
  void add(std::uint32_t interface_index, const std::string& name);
  // ENETDOWN when one is not running any more. Asks the kernel ten times a second at most, or always when `at_once`.
  [[nodiscard]] Result<void> check(MonotonicTime now, bool at_once = false);

 private:
  struct Link {
    std::uint32_t index = 0;
    std::string name;
    bool running = false;  // when it was added
  };

  std::vector<Link> links_;
  MonotonicTime next_check_{};
};

}  // namespace tcp::scan
