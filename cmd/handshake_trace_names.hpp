// SPDX-License-Identifier: MIT
// What the words of the records are called where people read them.
#pragma once

#include <string>
#include <string_view>

#include "cmd/output/record.hpp"

namespace tcp::cmd {

// Of a finding: "selective ACK" for "selective_ack".
[[nodiscard]] std::string_view topic_name(std::string_view topic);
// Of a change on a path: "source port (NAT)" for "source_port".
[[nodiscard]] std::string_view field_name(std::string_view field);

// "192.0.2.1:443", "[2001:db8::1]:443"
[[nodiscard]] std::string endpoint_text(const std::string& address, const std::string& port);

// Where a path_change happened: "at hop 2 or on the way to hop 3".
[[nodiscard]] std::string place_of(const Record& change);
// How a path ends: "open: the target accepts, at hop 5".
[[nodiscard]] std::string verdict_of(const Record& path);

inline constexpr std::string_view kPathNotVisible =
    "not visible: what is changed on the way, MPLS labels, exact times (made by the kernel's connect(), without "
    "privilege)";

}  // namespace tcp::cmd
