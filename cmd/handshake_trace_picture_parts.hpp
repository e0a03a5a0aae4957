// SPDX-License-Identifier: MIT
// What pictures of handshakes and of paths have in common.
#pragma once

#include <string>
#include <string_view>

#include "cmd/output/record.hpp"
#include "cmd/output/svg.hpp"

namespace tcp::cmd {

// At the left margin, as wide as the picture and in at most `most` lines; returns where they end.
[[nodiscard]] double draw_lines(Svg& svg, double top, std::string_view words, const SvgType& type,
                                std::string_view classes, std::size_t most);

// Of a record with target, address and port: "192.0.2.1:443 (example.org)".
[[nodiscard]] std::string target_text(const Record& record);

// The class for an outcome: good, warn or bad.
[[nodiscard]] std::string tone(std::string_view outcome);

}  // namespace tcp::cmd
