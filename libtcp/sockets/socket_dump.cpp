// SPDX-License-Identifier: MIT
#include "libtcp/sockets/socket_dump.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <algorithm>

#include "libtcp/net/netlink.hpp"
#include "libtcp/sockets/socket_message.hpp"

namespace tcp::sockets {
namespace {

constexpr unsigned kMostAttempts = 6;

using Bytes = std::span<const std::uint8_t>;

void append(std::vector<std::uint8_t>& to, const void* from, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  to.insert(to.end(), bytes, bytes + size);
}

void append_attribute(std::vector<std::uint8_t>& to, std::uint16_t type, Bytes value) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type};
  append(to, &header, sizeof header);
  append(to, value.data(), value.size());
  to.resize((to.size() + NLA_ALIGNTO - 1) / NLA_ALIGNTO * NLA_ALIGNTO);
}

// One walk of the kernel's: a family, and LISTEN or all the other states.
struct Walk {
  Family family = Family::v4;
  StateSet states = 0;
};

std::vector<Walk> walks_of(const DumpRequest& request) {
  std::vector<Walk> walks;
  for (const Family family : {Family::v4, Family::v6}) {
    if (request.family && *request.family != family) continue;
    const StateSet listen = request.states & state_bit(TcpState::listen);
    if (listen != 0) walks.push_back({family, listen});
    if (request.states != listen) walks.push_back({family, request.states & ~listen});
  }
  return walks;
}

std::vector<std::uint8_t> message_for(const DumpRequest& request, const Walk& walk) {
  inet_diag_req_v2 head{};
  head.sdiag_family = static_cast<std::uint8_t>(to_address_family(walk.family));
  head.sdiag_protocol = IPPROTO_TCP;
  head.idiag_ext = request.details;
  head.idiag_states = walk.states;
  std::vector<std::uint8_t> message;
  append(message, &head, sizeof head);
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
  Dump(const DumpRequest& request, const SocketHandler& handler) : request_(request), handler_(handler) {}

  Result<DumpOutcome> run() {
    TCP_TRY_ASSIGN(netlink, net::NetlinkSocket::open(NETLINK_SOCK_DIAG));
    for (const Walk& walk : walks_of(request_)) {
      TCP_TRY(whole(netlink, walk));
      if (ended_) break;
    }
    return outcome_;
  }

 private:
  Result<void> whole(net::NetlinkSocket& netlink, const Walk& walk) {
    const std::vector<std::uint8_t> message = message_for(request_, walk);
    for (unsigned attempt = 1;; ++attempt) {
      auto asked = netlink.request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, message,
                                   [&](std::uint16_t type, Bytes payload) { return take(type, payload); });
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
    if (type != SOCK_DIAG_BY_FAMILY) return {};
    TCP_TRY_ASSIGN(socket, parse_socket(payload, ports::Protocol::tcp));
    socket.is_mptcp = request_.mptcp;
    if (is_told_already(socket.cookie)) return {};
    told_.push_back(socket.cookie);
    ++outcome_.sockets;
    if (handler_(socket)) return {};
    ended_ = true;
    return system_error("list tcp sockets", ECANCELED);
  }

  // Only a walk that is repeated tells a socket twice, so the first one is spared the search.
  [[nodiscard]] bool is_told_already(std::uint64_t cookie) const {
    return outcome_.interruptions > 0 && std::binary_search(told_.begin(), told_.begin() + sorted_, cookie);
  }

  void prepare_repetition() {
    std::ranges::sort(told_);
    sorted_ = static_cast<std::ptrdiff_t>(told_.size());
  }

  const DumpRequest& request_;
  const SocketHandler& handler_;
  DumpOutcome outcome_;
  std::vector<std::uint64_t> told_;  // cookies: 8 bytes a socket
  std::ptrdiff_t sorted_ = 0;        // so many of them are in order: those of earlier walks
  bool ended_ = false;
};

}  // namespace

Result<DumpOutcome> dump_sockets(const DumpRequest& request, const SocketHandler& handler) {
  auto outcome = Dump(request, handler).run();
  if (!outcome) outcome.error().attempt = "list tcp sockets";
  return outcome;
}

}  // namespace tcp::sockets
