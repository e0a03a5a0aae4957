// SPDX-License-Identifier: MIT
// The bytes of a capture file with one interface, little-endian and with nanoseconds: pcapng
// (draft-ietf-opsawg-pcapng) or the older pcap (draft-ietf-opsawg-pcap).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/base/clock.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/decode.hpp"

namespace tcp::packet {

enum class SavefileFormat : std::uint8_t { pcapng, pcap };

// What comes before the first packet. `application` wrote it (pcapng only).
[[nodiscard]] std::string savefile_header(SavefileFormat format, LinkType link_type, std::string_view application);

// One packet, added to `out`. A time before 1970 becomes 1970. `original_length`: on the wire, when `packet` is but the
// beginning of it; 0 when it is complete.
void append_savefile_packet(std::string& out, SavefileFormat format, WallTime time, Bytes packet,
                            std::uint32_t original_length = 0);

}  // namespace tcp::packet
