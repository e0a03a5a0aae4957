// SPDX-License-Identifier: MIT
#include "libtcp/sockets/socket_dump.hpp"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <algorithm>

#include "libtcp/sockets/socket_message.hpp"

namespace tcp::sockets {
namespace {

constexpr unsigned kMostAttempts = 6;
// The kernel remembers its place between two datagrams as a position in a hash bucket: a connection that opens in the
// same bucket meanwhile shifts the others by one, and one of the last is told again.
constexpr std::ptrdiff_t kRecent = 16;

using Bytes = std::span<const std::uint8_t>;
using Message = std::vector<std::uint8_t>;

void append(Message& to, const void* from, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  to.insert(to.end(), bytes, bytes + size);
}

void append_attribute(Message& to, std::uint16_t type, Bytes value) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type};
  append(to, &header, sizeof header);
  append(to, value.data(), value.size());
  to.resize((to.size() + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO);
}

// One walk of the kernel's: over the listeners, or over all other states.
std::vector<StateSet> walks_of(const DumpRequest& request) {
  std::vector<StateSet> walks;
  const StateSet listen = request.states & state_bit(TcpState::listen);
  if (listen != 0) walks.push_back(listen);
  if (request.states != listen) walks.push_back(request.states & ~listen);
  return walks;
}

std::string attempt_of(const DumpRequest& request) {
  return "list " + std::string(to_string(request.protocol)) + " sockets";
}

// The older question has no family: it selects both in one walk, where the newer one takes two.
std::uint16_t type_of(const DumpRequest& request) { return request.family ? SOCK_DIAG_BY_FAMILY : TCPDIAG_GETSOCK; }

Message head_of(const DumpRequest& request, StateSet states) {
  Message message;
  if (!request.family) {
    inet_diag_req head{};
    head.idiag_ext = request.details;
    head.idiag_states = states;
    append(message, &head, sizeof head);
    return message;
  }
  inet_diag_req_v2 head{};
  head.sdiag_family = static_cast<std::uint8_t>(to_address_family(*request.family));
  head.sdiag_protocol = request.protocol == ports::Protocol::udp ? IPPROTO_UDP : IPPROTO_TCP;
  head.idiag_ext = request.details;
  head.idiag_states = states;
  append(message, &head, sizeof head);
  return message;
}

Message message_for(const DumpRequest& request, StateSet states) {
  Message message = head_of(request, states);
  if (request.mptcp) {
    const std::uint32_t protocol = IPPROTO_MPTCP;
    append_attribute(message, INET_DIAG_REQ_PROTOCOL, {reinterpret_cast<const std::uint8_t*>(&protocol), 4});
  }
  if (!request.bytecode.empty()) append_attribute(message, INET_DIAG_REQ_BYTECODE, request.bytecode);
  return message;
}

// Carries one dump through its walks and their repetitions.
class Dump {
 public:
  Dump(const DumpRequest& request, const SocketHandler& handler, const DumpAsk& ask)
      : request_(request), handler_(handler), ask_(ask) {}

  Result<DumpOutcome> run() {
    for (const StateSet states : walks_of(request_)) {
      TCP_TRY(whole(message_for(request_, states)));
      if (ended_) break;
    }
    return outcome_;
  }

 private:
  Result<void> whole(const Message& message) {
    for (unsigned attempt = 1;; ++attempt) {
      auto asked = ask_(type_of(request_), NLM_F_DUMP, message,
                        [this](std::uint16_t type, Bytes payload) { return take(type, payload); });
      if (asked || ended_) return {};
      if (!asked.error().is(std::errc::interrupted)) return asked;
      ++outcome_.interruptions;
      if (attempt == kMostAttempts) {
        outcome_.consistent = false;
        return {};
      }
      prepare_repetition();
    }
  }

  Result<void> take(std::uint16_t type, Bytes payload) {
    if (type != type_of(request_)) return {};
    SocketInfo socket;
    TCP_TRY(read_socket(payload, request_.protocol, request_.mptcp, socket));
    if (is_told_already(socket.cookie)) return {};
    told_.push_back(socket.cookie);
    ++outcome_.sockets;
    if (handler_(socket)) return {};
    ended_ = true;
    return system_error(attempt_of(request_), ECANCELED);
  }

  [[nodiscard]] bool is_told_already(std::uint64_t cookie) const {
    const auto recent = told_.end() - std::min(kRecent, std::ssize(told_));
    if (std::find(recent, told_.end(), cookie) != told_.end()) return true;
    return sorted_ > 0 && std::binary_search(told_.begin(), told_.begin() + sorted_, cookie);
  }

  // Only a walk that is repeated tells many sockets twice, so the first one is spared the search.
  void prepare_repetition() {
    std::ranges::sort(told_);
    sorted_ = std::ssize(told_);
  }

  const DumpRequest& request_;
  const SocketHandler& handler_;
  const DumpAsk& ask_;
  DumpOutcome outcome_;
  std::vector<std::uint64_t> told_;  // cookies
  std::ptrdiff_t sorted_ = 0;        // so many of them are in order: those of earlier walks
  bool ended_ = false;
};

}  // namespace

Result<DumpOutcome> dump_sockets(const DumpRequest& request, const SocketHandler& handler, const DumpAsk& ask) {
  auto outcome = Dump(request, handler, ask).run();
  if (!outcome) outcome.error().attempt = attempt_of(request);
  return outcome;
}

Result<DumpOutcome> dump_sockets(const DumpRequest& request, const SocketHandler& handler) {
  auto netlink = net::NetlinkSocket::open(NETLINK_SOCK_DIAG);
  if (!netlink) return std::unexpected(std::move(netlink).error());
  return dump_sockets(request, handler,
                      [&](std::uint16_t type, std::uint16_t flags, Bytes payload, const net::NetlinkHandler& take) {
                        return netlink->request(type, flags, payload, take);
                      });
}

}  // namespace tcp::sockets
