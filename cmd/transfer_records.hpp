// SPDX-License-Identifier: MIT
// A transfer's events as records and as lines of text.
#pragma once

#include <string>

#include "cmd/output/record.hpp"
#include "libtcp/stream/transfer_events.hpp"

namespace tcp::cmd {

[[nodiscard]] Record to_record(const stream::TransferPlanned& event);
[[nodiscard]] Record to_record(const stream::Transferred& event);
[[nodiscard]] Record to_record(const stream::TransferTotals& event);

// "a/b.bin: refused: it exists already"
[[nodiscard]] std::string describe(const stream::Transferred& event);
// "received 12 entries, 3 unchanged, 20.0 GiB in 12.3 s, 1.6 GiB/s"
[[nodiscard]] std::string describe(const stream::TransferTotals& event);

}  // namespace tcp::cmd
