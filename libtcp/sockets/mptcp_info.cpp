// SPDX-License-Identifier: MIT
#include "libtcp/sockets/mptcp_info.hpp"

namespace tcp::sockets {
namespace {

using enum TcpInfoUnit;

// Linux 6.18, include/uapi/linux/mptcp.h. Fields are only ever added at the end, or where a hole was.
constexpr TcpInfoField kFields[] = {
    {"subflows", count, 0, 1},
    {"add_addr_signal", count, 1, 1},
    {"add_addr_accepted", count, 2, 1},
    {"subflows_max", count, 3, 1},
    {"add_addr_signal_max", count, 4, 1},
    {"add_addr_accepted_max", count, 5, 1},
    {"flags", flags, 8},
    {"token", count, 12},
    {"write_seq", count, 16, 8},
    {"snd_una", count, 24, 8},
    {"rcv_nxt", count, 32, 8},
    {"local_addr_used", count, 40, 1},
    {"local_addr_max", count, 41, 1},
    {"csum_enabled", count, 42, 1},
    {"retransmits", count, 44},
    {"bytes_retrans", bytes, 48, 8},
    {"bytes_sent", bytes, 56, 8},
    {"bytes_received", bytes, 64, 8},
    {"bytes_acked", bytes, 72, 8},
    {"subflows_total", count, 80, 1},
    {"endp_laminar_max", count, 81, 1},
    {"last_data_sent", milliseconds, 84},
    {"last_data_recv", milliseconds, 88},
    {"last_ack_recv", milliseconds, 92},
};

}  // namespace

std::span<const TcpInfoField> mptcp_info_fields() { return kFields; }

std::optional<std::uint64_t> MptcpInfo::get(std::string_view name) const {
  const TcpInfoField* field = find_field(kFields, name);
  return field == nullptr ? std::nullopt : get(*field);
}

}  // namespace tcp::sockets
