// SPDX-License-Identifier: MIT
// One netlink socket: a request, and its answers with every length checked.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <span>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::net {

// One message of an answer; `payload` is what follows its nlmsghdr and lives only during the call.
using NetlinkHandler = std::function<Result<void>(std::uint16_t type, std::span<const std::uint8_t> payload)>;

class NetlinkSocket {
 public:
  // `protocol`: NETLINK_ROUTE, NETLINK_SOCK_DIAG, …
  [[nodiscard]] static Result<NetlinkSocket> open(int protocol);

  // Sends one message (`payload` follows the header) and hands every answer to `handler` until the kernel is done: the
  // end of a dump (NLM_F_DUMP in `flags`), one message, or an error, which becomes the result. An interrupted dump
  // (NLM_F_DUMP_INTR) is EINTR: ask again. An error of the handler ends the request at once and becomes its result.
  [[nodiscard]] Result<void> request(std::uint16_t type, std::uint16_t flags, std::span<const std::uint8_t> payload,
                                     const NetlinkHandler& handler);

 private:
  NetlinkSocket(UniqueFd fd, int protocol) : fd_(std::move(fd)), protocol_(protocol) {}
  [[nodiscard]] Result<void> reopen_if_abandoned();
  UniqueFd fd_;
  int protocol_;
  std::uint32_t sequence_ = 0;
  bool abandoned_ = false;  // a request ended before its answers did
};

// Walks the messages of one datagram of untrusted length, until the handler says false. Errors: malformed, the
// handler's.
[[nodiscard]] Result<void> for_each_message(
    std::span<const std::uint8_t> bytes,
    const std::function<Result<bool>(const nlmsghdr& header, std::span<const std::uint8_t> payload)>& handler);

// Walks attributes (rtattr / nlattr) of untrusted length. The handler gets the type without its flag bits.
// Errors: malformed.
[[nodiscard]] Result<void> for_each_attribute(
    std::span<const std::uint8_t> bytes,
    const std::function<void(std::uint16_t type, std::span<const std::uint8_t> value)>& handler);

}  // namespace tcp::net
