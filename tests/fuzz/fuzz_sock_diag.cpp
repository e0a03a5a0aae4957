// SPDX-License-Identifier: MIT
// A sock_diag message after its nlmsghdr.
#include <cstddef>
#include <cstdint>

#include "libtcp/sockets/sock_diag.hpp"
#include "libtcp/sockets/socket_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto socket = tcp::sockets::parse_socket({data, size}, tcp::ports::Protocol::tcp);
  if (socket) (void)to_string(socket->local);
  return 0;
}
