// SPDX-License-Identifier: MIT
// What the views of a scan say in words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cmd/scan_view.hpp"

namespace tcp::cmd {

[[nodiscard]] std::uint64_t number(const Value& value);
// "1 port", "2 ports"
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);
// As records and tables have them: whole ones.
[[nodiscard]] std::int64_t microseconds(Duration duration) noexcept;
// "323 µs", "-"
[[nodiscard]] std::string rtt_text(const std::optional<Duration>& rtt);
// Empty without one.
[[nodiscard]] std::string service_text(std::uint16_t port);
[[nodiscard]] std::string name_of(const IpAddress& address, const scan::Targets& targets);
// "192.0.2.1 (example.org)"
[[nodiscard]] std::string title(const IpAddress& address, const std::string& name);
// "limits its resets to about 1000 a second: …"
[[nodiscard]] std::string explain(const scan::HostNote& note);
// "was closed", "was not open"
[[nodiscard]] std::string explain(const ScanChange& change);
// "1 host, 3 ports: 1 open, 2 closed, 0 filtered; 3 probes in 1.72 ms, loss 0.0 %"
[[nodiscard]] std::string sums(const Record& summary);
// Hosts that were silent or down when they were looked for.
[[nodiscard]] std::uint64_t left_out_hosts(const Record& summary);
// "12 hosts were not scanned: 10 silent, 2 down"
[[nodiscard]] std::string left_out_text(const Record& summary);
[[nodiscard]] Style style_of(scan::PortState state) noexcept;

}  // namespace tcp::cmd
