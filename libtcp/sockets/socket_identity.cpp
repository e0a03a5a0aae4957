// SPDX-License-Identifier: MIT
#include "libtcp/sockets/socket_identity.hpp"

#include <netinet/in.h>

#include <cstring>

namespace tcp::sockets {
namespace {

void set_address(std::uint32_t (&words)[4], const IpAddress& address) {
  std::memcpy(words, address.bytes().data(), address.bytes().size());
}

}  // namespace

inet_diag_req_v2 identity_request(const SocketIdentity& identity) {
  inet_diag_req_v2 request{};
  request.sdiag_family = static_cast<std::uint8_t>(to_address_family(identity.ends.local.address.family()));
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0U;
  request.id.idiag_sport = htons(identity.ends.local.port);
  request.id.idiag_dport = htons(identity.ends.remote.port);
  set_address(request.id.idiag_src, identity.ends.local.address);
  set_address(request.id.idiag_dst, identity.ends.remote.address);
  request.id.idiag_if = identity.interface_index;
  request.id.idiag_cookie[0] = static_cast<std::uint32_t>(identity.cookie);
  request.id.idiag_cookie[1] = static_cast<std::uint32_t>(identity.cookie >> 32);
  return request;
}

}  // namespace tcp::sockets
