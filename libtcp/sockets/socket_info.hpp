// SPDX-License-Identifier: MIT
// One socket as the kernel tells it in one sock_diag message (sock_diag(7); linux/inet_diag.h). What was not asked for,
// or what this kernel does not tell, is absent. TIME-WAIT and SYN-RECEIVED come without owner and details: the kernel
// has shrunk these sockets to their four-tuple, a timer and the mark. A socket that is bound and neither listens nor
// connects, asked for as TcpState::bound_inactive, is told as closed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/tcp_state.hpp"
#include "libtcp/ports/protocol.hpp"
#include "libtcp/sockets/mptcp_info.hpp"
#include "libtcp/sockets/tcp_info.hpp"

namespace tcp::sockets {

// The values are the kernel's (idiag_timer).
enum class TimerKind : std::uint8_t { none, retransmission, keepalive, time_wait, zero_window_probe };

struct SocketTimer {
  TimerKind kind = TimerKind::none;
  std::uint8_t retransmissions = 0;  // of a keepalive or window probe timer: probes that were not answered
  std::uint32_t expires_ms = 0;
};

// SK_MEMINFO_*, bytes unless told otherwise.
struct SocketMemory {
  std::uint32_t receive_allocated = 0;
  std::uint32_t receive_limit = 0;
  std::uint32_t send_allocated = 0;
  std::uint32_t send_limit = 0;
  std::uint32_t forward_allocated = 0;
  std::uint32_t send_queued = 0;
  std::uint32_t option_allocated = 0;
  std::uint32_t backlog = 0;
  std::uint32_t drops = 0;  // datagrams or segments, not bytes
};

// A short name of the kernel's (TCP_CA_NAME_MAX, TCP_ULP_NAME_MAX are 16), copied without allocation.
class ShortName {
 public:
  void assign(std::string_view text);  // cut at 16 bytes or at the first NUL
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

 private:
  std::uint8_t size_ = 0;
  std::array<char, 16> bytes_;
};

// struct tcpvegas_info, tcp_dctcp_info and tcp_bbr_info.
struct VegasDetails {
  bool enabled = false;
  std::uint32_t round_trips = 0;
  std::uint32_t rtt_us = 0;
  std::uint32_t min_rtt_us = 0;
};
struct DctcpDetails {
  bool enabled = false;
  std::uint16_t ce_state = 0;
  std::uint32_t alpha = 0;
  std::uint32_t ecn_bytes = 0;
  std::uint32_t total_bytes = 0;
};
struct BbrDetails {
  std::uint64_t bandwidth_bytes_per_second = 0;
  std::uint32_t min_rtt_us = 0;
  std::uint32_t pacing_gain = 0;  // in 1/256
  std::uint32_t cwnd_gain = 0;    // in 1/256
};

// INET_DIAG_SOCKOPT: struct inet_diag_sockopt.
struct SocketFlags {
  bool recverr = false;
  bool is_icsk = false;
  bool freebind = false;
  bool hdrincl = false;
  bool mc_loop = false;
  bool transparent = false;
  bool mc_all = false;
  bool nodefrag = false;
  bool bind_address_no_port = false;
  bool recverr_rfc4884 = false;
  bool defer_connect = false;
};

// One subflow of a Multipath TCP connection (INET_ULP_INFO_MPTCP; linux/mptcp.h, MPTCP_SUBFLOW_ATTR_*).
struct MptcpSubflow {
  std::uint32_t token_remote = 0;
  std::uint32_t token_local = 0;
  std::uint32_t relative_write_sequence = 0;
  std::uint64_t map_sequence = 0;
  std::uint32_t map_subflow_sequence = 0;
  std::uint32_t subflow_sequence_offset = 0;
  std::uint16_t map_data_length = 0;
  std::uint32_t flags = 0;  // MPTCP_SUBFLOW_FLAG_*
  std::uint8_t id_remote = 0;
  std::uint8_t id_local = 0;
};

// INET_ULP_INFO_TLS: what kernel TLS does for this socket. Values of linux/tls.h; 0 when not told.
struct TlsDetails {
  std::uint16_t version = 0;
  std::uint16_t cipher = 0;
  std::uint16_t send_configuration = 0;
  std::uint16_t receive_configuration = 0;
  bool zero_copy_send = false;         // TLS_INFO_ZC_RO_TX
  bool no_padding_on_receive = false;  // TLS_INFO_RX_NO_PAD
};

struct SocketInfo {
  ports::Protocol protocol = ports::Protocol::tcp;
  bool is_mptcp = false;              // the Multipath TCP connection itself, not one of its subflows
  TcpState state = TcpState::closed;  // a bound UDP socket without a remote end is closed
  Endpoint local;
  Endpoint remote;                    // any-address and port 0 when there is none
  std::uint32_t interface_index = 0;  // 0: not bound to one
  std::uint32_t user_id = 0;
  std::uint32_t inode = 0;          // 0: owned by nobody (TIME-WAIT, SYN-RECEIVED)
  std::uint64_t cookie = 0;         // unique as long as this kernel runs
  std::uint32_t receive_queue = 0;  // bytes; of a listener: connections waiting to be accepted
  std::uint32_t send_queue = 0;     // bytes; of a listener: how many may wait
  SocketTimer timer;
  std::optional<bool> v6_only;           // of an IPv6 socket
  std::optional<std::uint8_t> shutdown;  // RCV_SHUTDOWN 1, SEND_SHUTDOWN 2
  std::optional<std::uint8_t> tos;
  std::optional<std::uint8_t> traffic_class;  // of an IPv6 socket
  std::optional<std::uint32_t> mark;          // told to CAP_NET_ADMIN only
  std::optional<std::uint32_t> class_id;
  std::optional<std::uint64_t> cgroup_id;
  std::optional<SocketMemory> memory;
  std::optional<SocketFlags> flags;
  ShortName congestion;
  ShortName upper_layer;  // INET_ULP_INFO_NAME: "tls", "mptcp"
  TcpInfo tcp_info;       // empty for a Multipath TCP connection
  MptcpInfo mptcp_info;   // of a Multipath TCP connection, empty otherwise
  std::optional<VegasDetails> vegas;
  std::optional<DctcpDetails> dctcp;
  std::optional<BbrDetails> bbr;
  std::optional<MptcpSubflow> mptcp_subflow;
  std::optional<TlsDetails> tls;
  std::uint16_t md5_keys = 0;  // told to CAP_NET_ADMIN only
};

}  // namespace tcp::sockets
