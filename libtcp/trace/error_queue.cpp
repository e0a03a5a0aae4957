// SPDX-License-Identifier: MIT
#include "libtcp/trace/error_queue.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>  // before errqueue.h, which uses timespec

#include <linux/errqueue.h>

#include <array>
#include <cstring>

namespace tcp::trace {
namespace {

constexpr int kMostEntries = 16;
constexpr std::size_t kControlBytes = 512;

// The offender is a socket address that follows the structure; cmsg_len says how much of it there is.
std::optional<IcmpAnswer> to_icmp_answer(const cmsghdr& message) {
  sock_extended_err error;
  sockaddr_in6 offender{};
  const std::size_t length = message.cmsg_len - CMSG_LEN(0);
  if (length < sizeof error + sizeof(sockaddr_in)) return std::nullopt;
  std::memcpy(&error, CMSG_DATA(&message), sizeof error);
  const bool v4 = error.ee_origin == SO_EE_ORIGIN_ICMP;
  if (!v4 && error.ee_origin != SO_EE_ORIGIN_ICMP6) return std::nullopt;
  const std::size_t kept = std::min(length - sizeof error, sizeof offender);
  std::memcpy(&offender, CMSG_DATA(&message) + sizeof error, kept);
  const auto sender = from_socket_address(reinterpret_cast<const sockaddr*>(&offender), static_cast<socklen_t>(kept));
  if (!sender) return std::nullopt;
  IcmpAnswer answer;
  answer.header.family = v4 ? Family::v4 : Family::v6;
  answer.header.type = error.ee_type;
  answer.header.code = error.ee_code;
  answer.header.rest = error.ee_info;
  answer.sender = sender->address.without_scope();
  return answer;
}

}  // namespace

Result<void> enable_error_queue(int fd, Family family) {
  const int on = 1;
  const bool v4 = family == Family::v4;
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  if (::setsockopt(fd, level, v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof on) != 0) {
    return system_error("ask for ICMP errors");
  }
  return {};
}

std::optional<IcmpAnswer> take_icmp_error(int fd) {
  for (int entry = 0; entry < kMostEntries; ++entry) {
    alignas(cmsghdr) std::array<std::uint8_t, kControlBytes> control;
    msghdr message{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
    for (const cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, const_cast<cmsghdr*>(part))) {
      const bool v4 = part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR;
      const bool v6 = part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR;
      if (!v4 && !v6) continue;
      if (auto answer = to_icmp_answer(*part)) return answer;
    }
  }
  return std::nullopt;
}

}  // namespace tcp::trace
