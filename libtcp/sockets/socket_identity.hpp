// SPDX-License-Identifier: MIT
// How one socket is named to sock_diag(7): its two ends, the interface it is bound to, and its cookie.
#pragma once

#include <linux/inet_diag.h>

#include <cstdint>

#include "libtcp/base/endpoint.hpp"

namespace tcp::sockets {

struct SocketIdentity {
  FourTuple ends;
  std::uint32_t interface_index = 0;         // 0: not bound to one
  std::uint64_t cookie = ~std::uint64_t{0};  // INET_DIAG_NOCOOKIE twice: any
};

// A request for this TCP socket in whatever state.
[[nodiscard]] inet_diag_req_v2 identity_request(const SocketIdentity& identity);

}  // namespace tcp::sockets
