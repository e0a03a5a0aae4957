// SPDX-License-Identifier: MIT
#include "libtcp/net/packet_socket.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/socket_option.hpp"
#include "libtcp/net/timestamps.hpp"
#include "libtcp/net/wait.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kLargestPacket = 65536;  // an IP packet; larger ones (segmentation offload) are cut
constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(tpacket_auxdata));

Result<void> configure(int fd, const PacketSocketOptions& options) {
  if (!options.filter.empty()) TCP_TRY(attach_filter(fd, options.filter));
  if (!set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1)) return system_error("ask for kernel timestamps");
  if (!set_option(fd, SOL_PACKET, PACKET_AUXDATA, 1)) return system_error("ask for packet metadata");
  if (options.ignore_outgoing && !set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) {
    return system_error("ignore outgoing packets");
  }
  const int size = static_cast<int>(std::min<std::uint32_t>(options.receive_buffer_bytes, 1U << 30));
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, size)) try_option(fd, SOL_SOCKET, SO_RCVBUF, size);
  return {};
}

Result<void> bind_to(int fd, std::optional<std::uint32_t> interface_index) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(interface_index.value_or(0));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error("bind packet socket");
  }
  return {};
}

void read_control(msghdr& message, ReceivedPacket& packet) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (const auto time = timestamp_of(*control)) packet.time = *time;
    if (control->cmsg_level == SOL_PACKET && control->cmsg_type == PACKET_AUXDATA) {
      tpacket_auxdata metadata;
      std::memcpy(&metadata, CMSG_DATA(control), sizeof metadata);
      packet.original_length = std::max(packet.original_length, metadata.tp_len);
      packet.checksum_pending = (metadata.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
    }
  }
}

// Nothing when the queue is empty.
Result<std::optional<ReceivedPacket>> receive_now(int fd, std::span<std::uint8_t> buffer) {
  sockaddr_ll sender{};
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<std::uint8_t, kControlBytes> control;
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t length = ::recvmsg(fd, &message, MSG_TRUNC | MSG_DONTWAIT);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (length < 0) return system_error("receive packet");
  ReceivedPacket packet;
  packet.bytes = buffer.first(std::min(static_cast<std::size_t>(length), buffer.size()));
  packet.original_length = static_cast<std::uint32_t>(length);
  packet.interface_index = static_cast<std::uint32_t>(sender.sll_ifindex);
  packet.outgoing = sender.sll_pkttype == PACKET_OUTGOING;
  read_control(message, packet);
  return packet;
}

}  // namespace

PacketSocket::PacketSocket(UniqueFd fd) : fd_(std::move(fd)), buffer_(kLargestPacket) {}

Result<PacketSocket> PacketSocket::open(const PacketSocketOptions& options) {
  // Protocol 0 receives nothing; bind() starts the flow once everything is in place.
  UniqueFd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return privileged_call_error("open packet socket", Capability::net_raw);
  TCP_TRY(configure(fd.get(), options));
  await_kernel_timestamps();
  TCP_TRY(bind_to(fd.get(), options.interface_index));
  return PacketSocket(std::move(fd));
}

Result<std::optional<ReceivedPacket>> PacketSocket::receive(MonotonicTime deadline) {
  TCP_TRY_ASSIGN(waiting, receive_now(fd_.get(), buffer_));
  if (waiting) return waiting;
  TCP_TRY_ASSIGN(ready, wait_readable(fd_.get(), deadline));
  if (!ready) return std::nullopt;
  return receive_now(fd_.get(), buffer_);
}

Result<std::uint64_t> PacketSocket::take_drop_count() {
  tpacket_stats statistics{};
  socklen_t length = sizeof statistics;
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &length) != 0) {
    return system_error("read packet statistics");
  }
  return statistics.tp_drops;
}

}  // namespace tcp::net
