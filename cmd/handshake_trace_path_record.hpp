// SPDX-License-Identifier: MIT
// A path as the records that JSON shows and the text is made of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cmd/handshake_trace_record.hpp"
#include "cmd/output/record.hpp"
#include "libtcp/trace/path.hpp"
#include "libtcp/trace/path_statistics.hpp"

namespace tcp::cmd {

using AddressNames = std::map<IpAddress, std::string>;

// `round` counts from 1 when a path is watched.
[[nodiscard]] Record to_hop_record(const TraceTarget& target, const trace::Hop& hop, const AddressNames& names,
                                   std::optional<std::uint64_t> round);
// What ends a path, or a round of it.
[[nodiscard]] Record to_path_record(const TraceTarget& target, const trace::Path& path,
                                    const trace::PathStatistics& statistics, std::optional<std::uint64_t> round);

}  // namespace tcp::cmd
