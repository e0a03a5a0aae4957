// SPDX-License-Identifier: MIT
// One netlink socket: a request, and its answers with every length checked.
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <functional>
#include <span>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/wire.hpp"

namespace tcp::net {

inline constexpr std::uint16_t kAttributeTypeMask = static_cast<std::uint16_t>(NLA_TYPE_MASK);

// The error of an answer that breaks the format.
[[nodiscard]] std::unexpected<Error> malformed_netlink(const char* why);

// One message of an answer; `payload` is what follows its nlmsghdr and lives only during the call.
using NetlinkHandler = std::function<Result<void>(std::uint16_t type, std::span<const std::uint8_t> payload)>;

// The answers to one request, taken datagram by datagram; every byte is checked.
class NetlinkExchange {
 public:
  // `many`: a dump, or a request that wants an acknowledgment: more than one message to come.
  NetlinkExchange(std::uint32_t sequence, bool many, const NetlinkHandler& handler)
      : handler_(handler), sequence_(sequence), many_(many) {}

  // Messages of other requests are passed over. Errors: the kernel's, the handler's, malformed.
  [[nodiscard]] Result<void> take(std::span<const std::uint8_t> datagram);
  [[nodiscard]] bool done() const noexcept { return done_; }
  // The kernel called an answer inconsistent (NLM_F_DUMP_INTR).
  [[nodiscard]] bool interrupted() const noexcept { return interrupted_; }

 private:
  [[nodiscard]] Result<void> take_message(const nlmsghdr& header, std::span<const std::uint8_t> payload);
  const NetlinkHandler& handler_;
  std::uint32_t sequence_;
  bool many_;
  bool interrupted_ = false;
  bool done_ = false;
};

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

// Walks the messages of one datagram of untrusted length, until the handler says false:
// Result<bool>(const nlmsghdr& header, std::span<const std::uint8_t> payload). Errors: malformed, the handler's.
template <class Handler>
[[nodiscard]] Result<void> for_each_message(std::span<const std::uint8_t> bytes, Handler&& handler) {
  while (!bytes.empty()) {
    nlmsghdr header;
    if (!read_struct(bytes, header)) return malformed_netlink("a message header is cut off");
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size()) {
      return malformed_netlink("a message length out of bounds");
    }
    TCP_TRY_ASSIGN(wants_more, handler(header, bytes.subspan(sizeof header, header.nlmsg_len - sizeof header)));
    if (!wants_more) return {};
    bytes = skip_aligned(bytes, header.nlmsg_len);
  }
  return {};
}

// Walks attributes (rtattr / nlattr) of untrusted length: void(std::uint16_t type, std::span<const std::uint8_t>
// value), the type without its flag bits. Errors: malformed.
template <class Handler>
[[nodiscard]] Result<void> for_each_attribute(std::span<const std::uint8_t> bytes, Handler&& handler) {
  while (!bytes.empty()) {
    nlattr attribute;
    if (!read_struct(bytes, attribute)) return malformed_netlink("an attribute header is cut off");
    if (attribute.nla_len < sizeof attribute || attribute.nla_len > bytes.size()) {
      return malformed_netlink("an attribute length out of bounds");
    }
    handler(static_cast<std::uint16_t>(attribute.nla_type & kAttributeTypeMask),
            bytes.subspan(sizeof attribute, attribute.nla_len - sizeof attribute));
    bytes = skip_aligned(bytes, attribute.nla_len);
  }
  return {};
}

}  // namespace tcp::net
