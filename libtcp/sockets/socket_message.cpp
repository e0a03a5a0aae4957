// SPDX-License-Identifier: MIT
#include "libtcp/sockets/socket_message.hpp"

#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "libtcp/net/netlink.hpp"

namespace tcp::sockets {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr unsigned kMostStates = 32;  // the bits of a StateSet
constexpr std::size_t kMd5KeyBytes = sizeof(tcp_diag_md5sig);

// Nothing when the attribute is too short.
template <class T>
std::optional<T> read(Bytes value) {
  if (value.size() < sizeof(T)) return std::nullopt;
  T result{};
  std::memcpy(&result, value.data(), sizeof result);
  return result;
}

std::string_view text_of(Bytes value) { return {reinterpret_cast<const char*>(value.data()), value.size()}; }

IpAddress address_of(std::uint8_t family, const std::uint32_t (&words)[4]) {
  if (family == AF_INET) return IpAddress::v4(ntohl(words[0]));
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), words, sizeof words);
  return IpAddress::v6(bytes);
}

void set_memory(SocketInfo& socket, Bytes value) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> words{};
  std::memcpy(words.data(), value.data(), std::min(value.size(), sizeof words));
  socket.memory = SocketMemory{words[SK_MEMINFO_RMEM_ALLOC], words[SK_MEMINFO_RCVBUF],    words[SK_MEMINFO_WMEM_ALLOC],
                               words[SK_MEMINFO_SNDBUF],     words[SK_MEMINFO_FWD_ALLOC], words[SK_MEMINFO_WMEM_QUEUED],
                               words[SK_MEMINFO_OPTMEM],     words[SK_MEMINFO_BACKLOG],   words[SK_MEMINFO_DROPS]};
}

void set_vegas(SocketInfo& socket, Bytes value) {
  const auto info = read<tcpvegas_info>(value);
  if (info) socket.vegas = VegasDetails{info->tcpv_enabled != 0, info->tcpv_rttcnt, info->tcpv_rtt, info->tcpv_minrtt};
}

void set_dctcp(SocketInfo& socket, Bytes value) {
  const auto info = read<tcp_dctcp_info>(value);
  if (!info) return;
  socket.dctcp = DctcpDetails{info->dctcp_enabled != 0, info->dctcp_ce_state, info->dctcp_alpha, info->dctcp_ab_ecn,
                              info->dctcp_ab_tot};
}

void set_bbr(SocketInfo& socket, Bytes value) {
  const auto info = read<tcp_bbr_info>(value);
  if (!info) return;
  socket.bbr = BbrDetails{std::uint64_t{info->bbr_bw_hi} << 32 | info->bbr_bw_lo, info->bbr_min_rtt,
                          info->bbr_pacing_gain, info->bbr_cwnd_gain};
}

void set_flags(SocketInfo& socket, Bytes value) {
  const auto bits = read<inet_diag_sockopt>(value);
  if (!bits) return;
  socket.flags = SocketFlags{bits->recverr != 0,         bits->is_icsk != 0,      bits->freebind != 0,
                             bits->hdrincl != 0,         bits->mc_loop != 0,      bits->transparent != 0,
                             bits->mc_all != 0,          bits->nodefrag != 0,     bits->bind_address_no_port != 0,
                             bits->recverr_rfc4884 != 0, bits->defer_connect != 0};
}

// Into `field` when the attribute is as long as it.
template <class T>
void take(T& field, Bytes value) {
  if (const auto found = read<T>(value)) field = *found;
}

void set_subflow_field(MptcpSubflow& subflow, std::uint16_t type, Bytes value) {
  switch (type) {
    case MPTCP_SUBFLOW_ATTR_TOKEN_REM: return take(subflow.token_remote, value);
    case MPTCP_SUBFLOW_ATTR_TOKEN_LOC: return take(subflow.token_local, value);
    case MPTCP_SUBFLOW_ATTR_RELWRITE_SEQ: return take(subflow.relative_write_sequence, value);
    case MPTCP_SUBFLOW_ATTR_MAP_SEQ: return take(subflow.map_sequence, value);
    case MPTCP_SUBFLOW_ATTR_MAP_SFSEQ: return take(subflow.map_subflow_sequence, value);
    case MPTCP_SUBFLOW_ATTR_SSN_OFFSET: return take(subflow.subflow_sequence_offset, value);
    case MPTCP_SUBFLOW_ATTR_MAP_DATALEN: return take(subflow.map_data_length, value);
    case MPTCP_SUBFLOW_ATTR_FLAGS: return take(subflow.flags, value);
    case MPTCP_SUBFLOW_ATTR_ID_REM: return take(subflow.id_remote, value);
    case MPTCP_SUBFLOW_ATTR_ID_LOC: return take(subflow.id_local, value);
    default: return;
  }
}

Result<void> set_mptcp(SocketInfo& socket, Bytes attributes) {
  MptcpSubflow& subflow = socket.mptcp_subflow.emplace();
  return net::for_each_attribute(attributes,
                                 [&](std::uint16_t type, Bytes value) { set_subflow_field(subflow, type, value); });
}

Result<void> set_tls(SocketInfo& socket, Bytes attributes) {
  TlsDetails& tls = socket.tls.emplace();
  return net::for_each_attribute(attributes, [&](std::uint16_t type, Bytes value) {
    switch (type) {
      case TLS_INFO_VERSION: return take(tls.version, value);
      case TLS_INFO_CIPHER: return take(tls.cipher, value);
      case TLS_INFO_TXCONF: return take(tls.send_configuration, value);
      case TLS_INFO_RXCONF: return take(tls.receive_configuration, value);
      case TLS_INFO_ZC_RO_TX: tls.zero_copy_send = true; return;
      case TLS_INFO_RX_NO_PAD: tls.no_padding_on_receive = true; return;
      default: return;
    }
  });
}

Result<void> set_upper_layer(SocketInfo& socket, Bytes attributes) {
  Bytes tls;
  Bytes mptcp;
  TCP_TRY(net::for_each_attribute(attributes, [&](std::uint16_t type, Bytes value) {
    if (type == INET_ULP_INFO_NAME) socket.upper_layer.assign(text_of(value));
    if (type == INET_ULP_INFO_TLS) tls = value;
    if (type == INET_ULP_INFO_MPTCP) mptcp = value;
  }));
  if (!tls.empty()) TCP_TRY(set_tls(socket, tls));
  if (!mptcp.empty()) TCP_TRY(set_mptcp(socket, mptcp));
  return {};
}

// The older form of the memory figures comes without limits; the newer one, when both come, tells more.
void set_attribute(SocketInfo& socket, std::uint16_t type, Bytes value) {
  switch (type) {
    case INET_DIAG_INFO: return socket.is_mptcp ? socket.mptcp_info.assign(value) : socket.tcp_info.assign(value);
    case INET_DIAG_VEGASINFO: return set_vegas(socket, value);
    case INET_DIAG_CONG: return socket.congestion.assign(text_of(value));
    case INET_DIAG_TOS: socket.tos = read<std::uint8_t>(value); return;
    case INET_DIAG_TCLASS: socket.traffic_class = read<std::uint8_t>(value); return;
    case INET_DIAG_SKMEMINFO: return set_memory(socket, value);
    case INET_DIAG_SHUTDOWN: socket.shutdown = read<std::uint8_t>(value); return;
    case INET_DIAG_DCTCPINFO: return set_dctcp(socket, value);
    case INET_DIAG_SKV6ONLY:
      if (!value.empty()) socket.v6_only = value[0] != 0;
      return;
    case INET_DIAG_MARK: socket.mark = read<std::uint32_t>(value); return;
    case INET_DIAG_BBRINFO: return set_bbr(socket, value);
    case INET_DIAG_CLASS_ID: socket.class_id = read<std::uint32_t>(value); return;
    case INET_DIAG_MD5SIG: socket.md5_keys = static_cast<std::uint16_t>(value.size() / kMd5KeyBytes); return;
    case INET_DIAG_CGROUP_ID: socket.cgroup_id = read<std::uint64_t>(value); return;
    case INET_DIAG_SOCKOPT: return set_flags(socket, value);
    default: return;
  }
}

void set_fixed_part(SocketInfo& socket, const inet_diag_msg& diag) {
  socket.state = static_cast<TcpState>(diag.idiag_state);
  socket.local = {address_of(diag.idiag_family, diag.id.idiag_src), ntohs(diag.id.idiag_sport)};
  socket.remote = {address_of(diag.idiag_family, diag.id.idiag_dst), ntohs(diag.id.idiag_dport)};
  socket.interface_index = diag.id.idiag_if;
  socket.user_id = diag.idiag_uid;
  socket.inode = diag.idiag_inode;
  socket.cookie = std::uint64_t{diag.id.idiag_cookie[1]} << 32 | diag.id.idiag_cookie[0];
  socket.receive_queue = diag.idiag_rqueue;
  socket.send_queue = diag.idiag_wqueue;
  socket.timer = {static_cast<TimerKind>(diag.idiag_timer), diag.idiag_retrans, diag.idiag_expires};
}

}  // namespace

void ShortName::assign(std::string_view text) {
  text = text.substr(0, std::min(text.find('\0'), bytes_.size()));
  size_ = static_cast<std::uint8_t>(text.size());
  std::ranges::copy(text, bytes_.begin());
}

Result<void> read_socket(Bytes message, ports::Protocol protocol, bool is_mptcp, SocketInfo& fresh) {
  const auto malformed = [](const char* why) { return make_error(Errc::malformed, "read a socket", why); };
  const auto diag = read<inet_diag_msg>(message);
  if (!diag) return malformed("the kernel's message is too short");
  if (diag->idiag_family != AF_INET && diag->idiag_family != AF_INET6) return malformed("neither IPv4 nor IPv6");
  if (diag->idiag_state >= kMostStates) return malformed("no state has such a number");
  fresh.protocol = protocol;
  fresh.is_mptcp = is_mptcp;
  set_fixed_part(fresh, *diag);
  Bytes upper_layer;
  TCP_TRY(net::for_each_attribute(message.subspan(sizeof *diag), [&](std::uint16_t type, Bytes value) {
    if (type == INET_DIAG_ULP_INFO) {
      upper_layer = value;
    } else {
      set_attribute(fresh, type, value);
    }
  }));
  return upper_layer.empty() ? Result<void>() : set_upper_layer(fresh, upper_layer);
}

Result<SocketInfo> parse_socket(Bytes message, ports::Protocol protocol, bool is_mptcp) {
  Result<SocketInfo> socket;
  auto done = read_socket(message, protocol, is_mptcp, *socket);
  if (!done) return std::unexpected(std::move(done).error());
  return socket;
}

}  // namespace tcp::sockets
