// SPDX-License-Identifier: MIT
#include "libtcp/sockets/tcp_info.hpp"

#include <algorithm>

namespace tcp::sockets {
namespace {

using enum TcpInfoUnit;

// Linux 6.18, include/uapi/linux/tcp.h. Fields are only ever added at the end.
constexpr TcpInfoField kFields[] = {
    {"state", count, 0, 1},
    {"ca_state", count, 1, 1},
    {"retransmits", count, 2, 1},
    {"probes", count, 3, 1},
    {"backoff", count, 4, 1},
    {"options", flags, 5, 1},
    {"snd_wscale", count, 6, 1, 0, 4},
    {"rcv_wscale", count, 6, 1, 4, 4},
    {"delivery_rate_app_limited", flags, 7, 1, 0, 1},
    {"fastopen_client_fail", count, 7, 1, 1, 2},
    {"rto", microseconds, 8},
    {"ato", microseconds, 12},
    {"snd_mss", bytes, 16},
    {"rcv_mss", bytes, 20},
    {"unacked", segments, 24},
    {"sacked", segments, 28},
    {"lost", segments, 32},
    {"retrans", segments, 36},
    {"fackets", segments, 40},
    {"last_data_sent", milliseconds, 44},
    {"last_ack_sent", milliseconds, 48},
    {"last_data_recv", milliseconds, 52},
    {"last_ack_recv", milliseconds, 56},
    {"pmtu", bytes, 60},
    {"rcv_ssthresh", bytes, 64},
    {"rtt", microseconds, 68},
    {"rttvar", microseconds, 72},
    {"snd_ssthresh", segments, 76, 4, 0, 0, 0x7fffffff},
    {"snd_cwnd", segments, 80},
    {"advmss", bytes, 84},
    {"reordering", segments, 88},
    {"rcv_rtt", microseconds, 92},
    {"rcv_space", bytes, 96},
    {"total_retrans", segments, 100},
    {"pacing_rate", bytes_per_second, 104, 8, 0, 0, ~0ULL},
    {"max_pacing_rate", bytes_per_second, 112, 8, 0, 0, ~0ULL},
    {"bytes_acked", bytes, 120, 8},
    {"bytes_received", bytes, 128, 8},
    {"segs_out", segments, 136},
    {"segs_in", segments, 140},
    {"notsent_bytes", bytes, 144},
    {"min_rtt", microseconds, 148, 4, 0, 0, 0xffffffff},
    {"data_segs_in", segments, 152},
    {"data_segs_out", segments, 156},
    {"delivery_rate", bytes_per_second, 160, 8},
    {"busy_time", microseconds, 168, 8},
    {"rwnd_limited", microseconds, 176, 8},
    {"sndbuf_limited", microseconds, 184, 8},
    {"delivered", segments, 192},
    {"delivered_ce", segments, 196},
    {"bytes_sent", bytes, 200, 8},
    {"bytes_retrans", bytes, 208, 8},
    {"dsack_dups", segments, 216},
    {"reord_seen", count, 220},
    {"rcv_ooopack", segments, 224},
    {"snd_wnd", bytes, 228},
    {"rcv_wnd", bytes, 232},
    {"rehash", count, 236},
    {"total_rto", count, 240, 2},
    {"total_rto_recoveries", count, 242, 2},
    {"total_rto_time", milliseconds, 244},
    {"received_ce", segments, 248},
    {"delivered_e1_bytes", bytes, 252},
    {"delivered_e0_bytes", bytes, 256},
    {"delivered_ce_bytes", bytes, 260},
    {"received_e1_bytes", bytes, 264},
    {"received_e0_bytes", bytes, 268},
    {"received_ce_bytes", bytes, 272},
    {"accecn_fail_mode", flags, 276, 2},
    {"accecn_opt_seen", flags, 278, 2},
};

}  // namespace

std::span<const TcpInfoField> tcp_info_fields() { return kFields; }

const TcpInfoField* find_field(std::span<const TcpInfoField> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &TcpInfoField::name);
  return found == fields.end() ? nullptr : &*found;
}

const TcpInfoField* find_tcp_info_field(std::string_view name) { return find_field(kFields, name); }

std::optional<std::uint64_t> TcpInfo::get(std::string_view name) const {
  const TcpInfoField* field = find_tcp_info_field(name);
  return field == nullptr ? std::nullopt : get(*field);
}

}  // namespace tcp::sockets
