// SPDX-License-Identifier: MIT
#include "libtcp/net/echo_socket.hpp"

#include <linux/icmp.h>
#include <linux/sock_diag.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kBatch = 64;  // messages with one system call
constexpr int kBufferBytes = 4 << 20;
constexpr std::size_t kLeastHeader = 20;  // of IPv4

// What is no answer to a request never wakes anybody up.
void attach_type_filter(int fd, Family family) {
  if (family == Family::v4) {
    icmp_filter filter{};
    filter.data =
        ~(1U << ICMP_ECHOREPLY | 1U << ICMP_DEST_UNREACH | 1U << ICMP_TIME_EXCEEDED | 1U << ICMP_PARAMETERPROB);
    try_option(fd, SOL_RAW, ICMP_FILTER, filter);
    return;
  }
  icmp6_filter filter{};
  ICMP6_FILTER_SETBLOCKALL(&filter);
  for (const int type :
       {ICMP6_ECHO_REPLY, ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG, ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB}) {
    ICMP6_FILTER_SETPASS(type, &filter);
  }
  try_option(fd, IPPROTO_ICMPV6, ICMP6_FILTER, filter);
}

Result<void> configure(int fd, const EchoSocketOptions& options) {
  const bool v4 = options.family == Family::v4;
  if (options.raw) attach_type_filter(fd, options.family);
  const int hops = options.time_to_live;
  bool done = v4 ? set_option(fd, IPPROTO_IP, IP_TTL, hops) : set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops);
  if (options.interface_index) {
    done = done && set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, static_cast<int>(*options.interface_index));
  }
  if (!done) return system_error("set up an ICMP socket");
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kBufferBytes)) try_option(fd, SOL_SOCKET, SO_RCVBUF, kBufferBytes);
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kBufferBytes)) try_option(fd, SOL_SOCKET, SO_SNDBUF, kBufferBytes);
  if (!options.source || options.source->family() != options.family) return {};
  const SocketAddress source = to_socket_address({*options.source, 0});
  if (::bind(fd, source.get(), source.length) != 0) return system_error("bind " + to_string(*options.source));
  return {};
}

// RFC 1071: the sum of a message whose checksum is right is 0xffff.
bool has_right_checksum(std::span<const std::uint8_t> message) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < message.size(); i += 2) sum += message[i] * 256U + message[i + 1];
  if (message.size() % 2 != 0) sum += message.back() * 256U;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

// Whom recvmmsg(2) and sendmmsg(2) speak with, and what about.
struct Messages {
  std::array<SocketAddress, kBatch> peers;
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> headers{};

  void set(std::size_t i, void* data, std::size_t size, socklen_t peer_length) {
    parts[i] = {data, size};
    peers[i].length = peer_length;
    msghdr& header = headers[i].msg_hdr;
    header.msg_name = peers[i].get();
    header.msg_namelen = peer_length;
    header.msg_iov = &parts[i];
    header.msg_iovlen = 1;
  }
};

}  // namespace

Result<EchoSocket> EchoSocket::open(const EchoSocketOptions& options) {
  const int protocol = options.family == Family::v4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6);
  const int type = (options.raw ? SOCK_RAW : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  UniqueFd fd(::socket(to_address_family(options.family), type, protocol));
  if (!fd && options.raw) return privileged_call_error("open raw ICMP socket", Capability::net_raw);
  if (!fd) return system_error("open ping socket");
  TCP_TRY(configure(fd.get(), options));
  return EchoSocket(std::move(fd), options);
}

Flushed EchoSocket::send(std::span<const EchoRequest> requests) {
  Messages messages;
  Flushed flushed;
  while (flushed.sent < requests.size()) {
    const auto batch = requests.subspan(flushed.sent, std::min(kBatch, requests.size() - flushed.sent));
    for (std::size_t i = 0; i < batch.size(); ++i) {
      messages.peers[i] = to_socket_address({batch[i].destination, 0});
      // sendmmsg(2) only reads it.
      messages.set(i, const_cast<std::uint8_t*>(batch[i].message.data()), batch[i].message.size(),
                   messages.peers[i].length);
    }
    const int count = ::sendmmsg(fd_.get(), messages.headers.data(), static_cast<unsigned>(batch.size()), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      flushed.error_number = errno;
      break;
    }
    flushed.sent += static_cast<std::size_t>(count);
  }
  return flushed;
}

// A raw socket of IPv4 shows the IP header too, and what nobody has checked yet.
void EchoSocket::hand_over(const IpAddress& sender, std::span<const std::uint8_t> bytes,
                           const Receiver& receiver) const {
  if (family_ == Family::v6 || !raw_) return receiver(sender, bytes);
  if (bytes.size() < kLeastHeader) return;
  const std::size_t header = std::size_t{4} * (bytes[0] & 0x0f);
  if (header < kLeastHeader || header > bytes.size()) return;
  const auto message = bytes.subspan(header);
  const std::size_t length = bytes[2] * std::size_t{256} + bytes[3];
  const bool is_whole = length == bytes.size();
  if (!is_whole || has_right_checksum(message)) receiver(sender, message);
}

Result<void> EchoSocket::receive(std::size_t most, const Receiver& receiver) {
  std::array<std::array<std::uint8_t, kEchoSnapshotBytes>, kBatch> buffers;
  Messages messages;
  for (std::size_t taken = 0; taken < most;) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      messages.set(i, buffers[i].data(), buffers[i].size(), sizeof messages.peers[i].storage);
    }
    const int count = ::recvmmsg(fd_.get(), messages.headers.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return {};
    if (count < 0) return system_error("receive ICMP");
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const mmsghdr& header = messages.headers[i];
      const auto peer = from_socket_address(messages.peers[i].get(), header.msg_hdr.msg_namelen);
      if (peer) hand_over(peer->address, std::span(buffers[i]).first(header.msg_len), receiver);
    }
    taken += static_cast<std::size_t>(count);
    if (static_cast<std::size_t>(count) < kBatch) return {};
  }
  return {};
}

std::uint64_t EchoSocket::take_drop_count() {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t length = sizeof memory;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0) return 0;
  const std::uint32_t lost = memory[SK_MEMINFO_DROPS] - drops_;
  drops_ = memory[SK_MEMINFO_DROPS];
  return lost;
}

}  // namespace tcp::net
