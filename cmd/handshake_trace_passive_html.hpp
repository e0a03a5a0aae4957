// SPDX-License-Identifier: MIT
// What observed handshakes come to, as a page of HTML that holds all it needs and may load nothing.
#pragma once

#include <string>

#include "cmd/output/record.hpp"

namespace tcp::cmd {

// `run` and `summary` as they come to a view.
[[nodiscard]] std::string render_passive_page(const Record& run, const Record& summary);

}  // namespace tcp::cmd
