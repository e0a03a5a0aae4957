// SPDX-License-Identifier: MIT
// A banner as a part of a port's record, and as lines under the port's row.
#pragma once

#include <string>
#include <vector>

#include "cmd/output/record.hpp"
#include "libtcp/scan/answer.hpp"

namespace tcp::cmd {

// Null when none was asked for.
[[nodiscard]] Value banner_of(const scan::Banner* banner);

// Whether it says what the service is.
[[nodiscard]] bool is_identified(const scan::Banner* banner) noexcept;

// The service by what it says where that is known, otherwise by the number of its port; empty when neither tells.
[[nodiscard]] std::string service_of(std::uint16_t port, const scan::Banner* banner);

// "OpenSSH 9.2p1 (protocol 2.0)": product, version, and what else it says in parentheses; empty when it is not
// identified.
[[nodiscard]] std::string version_of(const scan::Banner* banner);

// What the service said, as UTF-8; empty without a banner.
[[nodiscard]] std::string said_by(const scan::Banner* banner);

// In one line, for people; empty without a banner.
[[nodiscard]] std::string explanation_of(const scan::Banner* banner);

// What the service is, and the beginning of what it said where that tells more, or with `verbose`. Safe for a terminal,
// indented, each with its newline; empty without a banner.
[[nodiscard]] std::string banner_lines(const scan::Banner* banner, bool verbose, std::size_t width);

}  // namespace tcp::cmd
