// SPDX-License-Identifier: MIT
#include "libtcp/net/frame_socket.hpp"

#include <linux/if_packet.h>

#include <cerrno>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

constexpr int kSendBufferBytes = 4 << 20;

}  // namespace

Result<std::unique_ptr<FrameSocket>> FrameSocket::open() {
  // Protocol 0 receives nothing; of what is sent the kernel reads the type from the frame.
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return privileged_call_error("open frame socket", Capability::net_raw);
  try_option(fd.get(), SOL_PACKET, PACKET_QDISC_BYPASS, 1);
  if (!set_option(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, kSendBufferBytes)) {
    try_option(fd.get(), SOL_SOCKET, SO_SNDBUF, kSendBufferBytes);
  }
  return std::unique_ptr<FrameSocket>(new FrameSocket(std::move(fd)));
}

FrameSocket::FrameSocket(UniqueFd fd) : fd_(std::move(fd)), parts_{}, messages_{} {
  for (std::size_t i = 0; i < kBatch; ++i) {
    parts_[i].iov_base = frames_[i].data();
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

Result<void> FrameSocket::use_interface(std::uint32_t interface_index) {
  if (interface_index == interface_index_) return {};
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(interface_index);
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error("bind frame socket");
  }
  interface_index_ = interface_index;
  return {};
}

std::uint8_t* FrameSocket::slot() { return count_ < kBatch ? frames_[count_].data() : nullptr; }

void FrameSocket::push(std::size_t length) { parts_[count_++].iov_len = length; }

Flushed FrameSocket::send() {
  const std::size_t before = sent_;
  int error_number = 0;
  while (sent_ < count_ && error_number == 0) {
    const int sent = ::sendmmsg(fd_.get(), &messages_[sent_], static_cast<unsigned>(count_ - sent_), MSG_DONTWAIT);
    if (sent > 0) sent_ += static_cast<std::size_t>(sent);
    if (sent < 0 && errno != EINTR) error_number = errno;
  }
  const Flushed result{sent_ - before, error_number};
  if (sent_ == count_) forget();
  return result;
}

Flushed FrameSocket::flush() {
  const Flushed result = send();
  forget();
  return result;
}

}  // namespace tcp::net
