// SPDX-License-Identifier: MIT
#include "libtcp/trace/kernel_view.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace tcp::trace {

std::optional<KernelView> read_kernel_view(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  KernelView view;
  view.round_trip = std::chrono::microseconds(info.tcpi_rtt);
  view.send_mss = info.tcpi_snd_mss;
  view.advertised_mss = info.tcpi_advmss;
  view.path_mtu = info.tcpi_pmtu;
  view.timestamps = (info.tcpi_options & TCPI_OPT_TIMESTAMPS) != 0;
  view.selective_ack = (info.tcpi_options & TCPI_OPT_SACK) != 0;
  view.ecn = (info.tcpi_options & TCPI_OPT_ECN) != 0;
  if ((info.tcpi_options & TCPI_OPT_WSCALE) != 0)
    view.peer_window_shift = static_cast<std::uint8_t>(info.tcpi_snd_wscale);
  view.peer_window = info.tcpi_snd_wnd;
  view.syn_retransmissions = info.tcpi_total_retrans;
  return view;
}

Result<void> limit_syn_retries(int fd, unsigned retries) {
  constexpr unsigned kMostSynRetries = 127;  // MAX_TCP_SYNCNT
  const int count = static_cast<int>(std::clamp(retries, 1U, kMostSynRetries));
  if (::setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &count, sizeof count) != 0) return system_error("limit SYN retries");
  return {};
}

Result<void> limit_segment_size(int fd, std::uint16_t bytes) {
  const int size = bytes;
  if (::setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &size, sizeof size) != 0) return system_error("limit the segment size");
  return {};
}

}  // namespace tcp::trace
