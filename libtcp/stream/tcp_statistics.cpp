// SPDX-License-Identifier: MIT
// <linux/tcp.h> has the newer fields of tcp_info and clashes with <netinet/tcp.h>, which Asio includes: neither is
// here.
#include "libtcp/stream/tcp_statistics.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace tcp::stream {
namespace {

Duration from_microseconds(std::uint32_t value) { return std::chrono::microseconds(value); }

std::string read_congestion_control(int fd) {
  std::array<char, 16> name{};  // TCP_CA_NAME_MAX
  socklen_t length = name.size();
  if (::getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name.data(), &length) != 0) return {};
  return {name.begin(), std::find(name.begin(), name.begin() + length, '\0')};
}

// `bytes` of it; an older kernel fills less, and the rest stays zero.
std::optional<tcp_info> read_tcp_info(int fd, socklen_t bytes) {
  tcp_info info{};
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &bytes) != 0) return std::nullopt;
  return info;
}

}  // namespace

std::optional<TcpState> read_tcp_state(int fd) {
  const auto info = read_tcp_info(fd, sizeof(tcp_info::tcpi_state));  // the first field
  if (!info) return std::nullopt;
  return static_cast<TcpState>(info->tcpi_state);
}

std::optional<TcpStatistics> read_tcp_statistics(int fd) {
  const auto read = read_tcp_info(fd, sizeof(tcp_info));
  if (!read) return std::nullopt;
  const tcp_info& info = *read;
  TcpStatistics statistics;
  statistics.state = static_cast<TcpState>(info.tcpi_state);
  statistics.rtt = from_microseconds(info.tcpi_rtt);
  statistics.rtt_variance = from_microseconds(info.tcpi_rttvar);
  statistics.min_rtt = from_microseconds(info.tcpi_min_rtt);
  statistics.retransmits = info.tcpi_total_retrans;
  statistics.acknowledged_bytes = info.tcpi_bytes_acked;
  statistics.delivery_rate_bytes_per_s = info.tcpi_delivery_rate;
  statistics.send_mss_bytes = info.tcpi_snd_mss;
  statistics.congestion_control = read_congestion_control(fd);
  return statistics;
}

}  // namespace tcp::stream
