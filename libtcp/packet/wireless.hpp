// SPDX-License-Identifier: MIT
// IEEE 802.11 data frames, as access points send them to their controllers inside GRE.
#pragma once

#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

// Leaves the reader at the LLC header of the first payload. False for anything but a data frame in the clear.
[[nodiscard]] bool skip_wireless_header(Reader& reader);

}  // namespace tcp::packet
