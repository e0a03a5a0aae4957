// SPDX-License-Identifier: MIT
#include "libtcp/net/netlink_groups.hpp"

#include <sys/socket.h>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{32} * 1024;
constexpr int kReceiveRoom = 8 << 20;  // bytes in the kernel: what comes between two looks
constexpr unsigned kMostAtOnce = 256;

// The length of a datagram from the kernel, 0 of one from elsewhere; nothing when none waits.
Result<std::size_t> receive_one(int fd, std::span<std::uint8_t> buffer) {
  sockaddr_nl sender{};
  socklen_t length = sizeof sender;
  const ssize_t got =
      ::recvfrom(fd, buffer.data(), buffer.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&sender), &length);
  if (got < 0) return system_error("read netlink group");
  return sender.nl_pid == 0 ? static_cast<std::size_t>(got) : 0;
}

}  // namespace

NetlinkGroups::NetlinkGroups(UniqueFd fd)
    : fd_(std::move(fd)), buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kBufferBytes)) {}

Result<NetlinkGroups> NetlinkGroups::open(int protocol, std::span<const unsigned> groups) {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return system_error("open netlink socket");
  sockaddr_nl own{};
  own.nl_family = AF_NETLINK;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
    return system_error("bind netlink socket");
  }
  if (!set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, kReceiveRoom)) {
    try_option(fd.get(), SOL_SOCKET, SO_RCVBUF, kReceiveRoom);
  }
  for (const unsigned group : groups) {
    if (!set_option(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)) {
      return privileged_call_error("join netlink group", Capability::net_admin);
    }
  }
  return NetlinkGroups(std::move(fd));
}

Result<void> NetlinkGroups::receive(const NetlinkHandler& handler) {
  const auto take = [&](const nlmsghdr& header, std::span<const std::uint8_t> payload) -> Result<bool> {
    TCP_TRY(handler(header.nlmsg_type, payload));
    return true;
  };
  for (unsigned i = 0; i < kMostAtOnce; ++i) {
    const auto length = receive_one(fd_.get(), {buffer_.get(), kBufferBytes});
    if (!length) {
      const Error& error = length.error();
      if (error.is(std::errc::resource_unavailable_try_again)) return {};
      if (error.is(std::errc::no_buffer_space)) ++overruns_;
      if (error.is(std::errc::no_buffer_space) || error.is(std::errc::interrupted)) continue;
      return std::unexpected(error);
    }
    TCP_TRY(for_each_message(std::span<const std::uint8_t>(buffer_.get(), *length), take));
  }
  return {};
}

}  // namespace tcp::net
