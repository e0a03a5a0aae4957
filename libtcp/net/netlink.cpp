// SPDX-License-Identifier: MIT
#include "libtcp/net/netlink.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <tuple>

#include "libtcp/net/datagrams_ahead.hpp"
#include "libtcp/net/socket_option.hpp"
#include "libtcp/net/wire.hpp"

namespace tcp::net {
namespace {

constexpr std::size_t kReceiveBufferBytes = std::size_t{64} * 1024;  // the kernel sends 32 KiB at most
constexpr timeval kAnswerTimeout{.tv_sec = 5, .tv_usec = 0};
constexpr std::size_t kHeaderLength = sizeof(nlmsghdr);

Result<UniqueFd> open_socket(int protocol) {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd) return system_error("open netlink socket");
  try_option(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, 1);
  try_option(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, 1);
  try_option(fd.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
  if (!set_option(fd.get(), SOL_SOCKET, SO_RCVTIMEO, kAnswerTimeout)) return system_error("set netlink timeout");
  return fd;
}

// The kernel's own words for an error, where it has any (NETLINK_EXT_ACK).
std::string extended_reason(std::span<const std::uint8_t> attributes) {
  std::string reason;
  std::ignore = for_each_attribute(attributes, [&](std::uint16_t type, std::span<const std::uint8_t> value) {
    if (type == NLMSGERR_ATTR_MSG) reason = to_text(value);
  });
  return reason;
}

Result<void> kernel_error(int error, std::span<const std::uint8_t> attributes) {
  if (error == 0) return {};
  if (error > 0 || error < -4095) return malformed_netlink("an error number out of range");
  auto result = system_error("netlink request", -error);
  const std::string reason = extended_reason(attributes);
  if (!reason.empty()) result.error().detail = result.error().code.message() + " (" + reason + ")";
  return result;
}

Result<void> take_error(const nlmsghdr& header, std::span<const std::uint8_t> payload) {
  nlmsgerr error;
  if (!read_struct(payload, error)) return malformed_netlink("a short error message");
  const bool has_attributes = (header.nlmsg_flags & NLM_F_ACK_TLVS) != 0 && (header.nlmsg_flags & NLM_F_CAPPED) != 0;
  return kernel_error(error.error, has_attributes ? payload.subspan(sizeof error) : std::span<const std::uint8_t>());
}

Result<void> take_done(std::span<const std::uint8_t> payload) {
  int error = 0;
  if (!read_struct(payload, error)) return {};  // old kernels end a dump without a number
  return kernel_error(error, payload.subspan(sizeof error));
}

// The first of an answer are read here, most have no more; a long dump is read ahead.
class Answers {
 public:
  explicit Answers(int fd) : fd_(fd), buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kReceiveBufferBytes)) {}

  // Empty when there is nothing in it for us.
  Result<std::span<const std::uint8_t>> next(bool many) {
    if (many && ++count_ == kReadAheadFrom) start_ahead();
    if (ahead_) {
      TCP_TRY_ASSIGN(datagram, ahead_->next());
      if (datagram) return *datagram;
      ahead_.reset();
    }
    TCP_TRY_ASSIGN(datagram, receive_netlink_datagram(fd_, {buffer_.get(), kReceiveBufferBytes}, true));
    return *datagram;
  }

 private:
  static constexpr unsigned kReadAheadFrom = 8;  // datagrams; a thread costs as much as reading two of them

  void start_ahead() {
    try {
      ahead_.emplace(fd_, kReceiveBufferBytes);
    } catch (const std::system_error&) {
      ahead_.reset();  // one thread does it as well
    }
  }

  int fd_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::optional<DatagramsAhead> ahead_;
  unsigned count_ = 0;
};

Result<void> receive_answers(int fd, NetlinkExchange& exchange, bool many) {
  Answers answers(fd);
  while (!exchange.done()) {
    TCP_TRY_ASSIGN(datagram, answers.next(many));
    TCP_TRY(exchange.take(datagram));
  }
  if (exchange.interrupted()) return system_error("netlink dump", EINTR);
  return {};
}

Result<void> send_request(int fd, nlmsghdr header, std::span<const std::uint8_t> payload) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  std::array<iovec, 2> parts{{{&header, sizeof header}, {const_cast<std::uint8_t*>(payload.data()), payload.size()}}};
  msghdr message{};
  message.msg_name = &kernel;
  message.msg_namelen = sizeof kernel;
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(fd, &message, 0);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return system_error("send netlink request");
  return {};
}

}  // namespace

std::unexpected<Error> malformed_netlink(const char* why) {
  return make_error(Errc::malformed, "read netlink answer", why);
}

Result<void> NetlinkExchange::take(std::span<const std::uint8_t> datagram) {
  return for_each_message(datagram, [&](const nlmsghdr& header, std::span<const std::uint8_t> payload) -> Result<bool> {
    if (header.nlmsg_seq == sequence_) TCP_TRY(take_message(header, payload));
    return !done_;
  });
}

Result<void> NetlinkExchange::take_message(const nlmsghdr& header, std::span<const std::uint8_t> payload) {
  if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
  switch (header.nlmsg_type) {
    case NLMSG_NOOP: return {};
    case NLMSG_ERROR: done_ = true; return take_error(header, payload);
    case NLMSG_DONE: done_ = true; return take_done(payload);
    case NLMSG_OVERRUN: return system_error("read netlink answer", ENOBUFS);
    default: break;
  }
  done_ = !many_ && (header.nlmsg_flags & NLM_F_MULTI) == 0;
  return handler_(header.nlmsg_type, payload);
}

Result<NetlinkSocket> NetlinkSocket::open(int protocol) {
  TCP_TRY_ASSIGN(fd, open_socket(protocol));
  return NetlinkSocket(std::move(fd), protocol);
}

// The kernel refuses a new dump while an old one is unread; a new socket is cheaper than reading it to its end.
Result<void> NetlinkSocket::reopen_if_abandoned() {
  if (!abandoned_) return {};
  TCP_TRY_ASSIGN(fd, open_socket(protocol_));
  fd_ = std::move(fd);
  abandoned_ = false;
  return {};
}

Result<void> NetlinkSocket::request(std::uint16_t type, std::uint16_t flags, std::span<const std::uint8_t> payload,
                                    const NetlinkHandler& handler) {
  TCP_TRY(reopen_if_abandoned());
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(kHeaderLength + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  header.nlmsg_seq = ++sequence_;
  TCP_TRY(send_request(fd_.get(), header, payload));
  const bool many = (flags & NLM_F_DUMP) == NLM_F_DUMP || (flags & NLM_F_ACK) != 0;
  NetlinkExchange exchange(sequence_, many, handler);
  Result<void> result = receive_answers(fd_.get(), exchange, many);
  abandoned_ = !exchange.done();
  return result;
}

}  // namespace tcp::net
