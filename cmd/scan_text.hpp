// SPDX-License-Identifier: MIT
// A scan for people: a table a host, what there is much of in one line, and the sums.
#pragma once

#include <memory>

#include "cmd/output/output.hpp"
#include "cmd/output/view.hpp"

namespace tcp::cmd {

struct ScanTextOptions {
  bool verbose = false;    // every port and every host
  bool open_only = false;  // the records hold no other ports
};

[[nodiscard]] std::unique_ptr<View> make_scan_text_view(Output& out, const ScanTextOptions& options);

}  // namespace tcp::cmd
