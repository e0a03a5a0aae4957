// SPDX-License-Identifier: MIT
#include "libtcp/net/original_destination.hpp"

#include <netinet/in.h>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

// SO_ORIGINAL_DST and IP6T_SO_ORIGINAL_DST, whose headers quarrel with <netinet/in.h>.
constexpr int kOriginalDestination = 80;

std::optional<Endpoint> ask(int socket, int level, int name) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (::getsockopt(socket, level, name, address.get(), &address.length) != 0) return std::nullopt;
  auto endpoint = from_socket_address(address.get(), address.length);
  if (!endpoint) return std::nullopt;
  return *endpoint;
}

}  // namespace

// A socket for IPv6 carries IPv4 as well, and each family has a table of its own.
std::optional<Endpoint> translated_destination(int socket) {
  if (auto found = ask(socket, SOL_IPV6, kOriginalDestination)) return found;
  return ask(socket, SOL_IP, kOriginalDestination);
}

bool make_transparent(int socket, Family family) {
  const int level = family == Family::v6 ? SOL_IPV6 : SOL_IP;
  return set_option(socket, level, family == Family::v6 ? IPV6_TRANSPARENT : IP_TRANSPARENT, 1);
}

bool is_own_address(const IpAddress& address) {
  const UniqueFd probe(::socket(to_address_family(address.family()), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  SocketAddress local = to_socket_address({address, 0});
  return probe && ::bind(probe.get(), local.get(), local.length) == 0;
}

}  // namespace tcp::net
