// SPDX-License-Identifier: MIT
#include "libtcp/base/endpoint.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tcp {
namespace {

Result<HostPort> parse_bracketed(std::string_view text) {
  const auto close = text.find(']');
  if (close == std::string_view::npos) return usage_error("'" + std::string(text) + "'", "'[' without ']'");
  const auto rest = text.substr(close + 1);
  if (!rest.empty() && rest.front() != ':') {
    return usage_error("'" + std::string(text) + "'", "expected ':PORT' after ']'");
  }
  return HostPort{std::string(text.substr(1, close - 1)), std::string(rest.empty() ? rest : rest.substr(1))};
}

HostPort split_at_colon(std::string_view text) {
  const auto colon = text.find(':');
  const bool bare = colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos;
  if (bare) return {std::string(text), {}};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

}  // namespace

std::string to_string(const Endpoint& endpoint) {
  const std::string address = to_string(endpoint.address);
  const std::string port = std::to_string(endpoint.port);
  return endpoint.address.is_v6() ? '[' + address + "]:" + port : address + ':' + port;
}

Result<HostPort> parse_host_port(std::string_view text) {
  HostPort result;
  if (text.starts_with('[')) {
    TCP_TRY_ASSIGN(bracketed, parse_bracketed(text));
    result = std::move(bracketed);
  } else {
    result = split_at_colon(text);
  }
  if (result.host.empty()) return usage_error("'" + std::string(text) + "'", "the host is missing");
  const bool dangling = result.service.empty() && text.ends_with(':') && !result.host.ends_with(':');
  if (dangling) return usage_error("'" + std::string(text) + "'", "the port after ':' is missing");
  return result;
}

SocketAddress to_socket_address(const Endpoint& endpoint) noexcept {
  SocketAddress result;
  if (endpoint.address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, endpoint.address.bytes().data(), 4);
    std::memcpy(&result.storage, &in, sizeof in);
    result.length = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    in.sin6_scope_id = endpoint.address.scope_id();
    std::memcpy(&in.sin6_addr, endpoint.address.bytes().data(), 16);
    std::memcpy(&result.storage, &in, sizeof in);
    result.length = sizeof in;
  }
  return result;
}

Result<Endpoint> from_socket_address(const sockaddr* address, socklen_t length) {
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    return Endpoint{IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    std::array<std::uint8_t, 16> bytes;
    std::copy_n(in.sin6_addr.s6_addr, 16, bytes.begin());
    return Endpoint{IpAddress::v6(bytes, in.sin6_scope_id), ntohs(in.sin6_port)};
  }
  return make_error(Errc::unsupported, "socket address", "neither IPv4 nor IPv6");
}

int to_address_family(Family family) noexcept { return family == Family::v4 ? AF_INET : AF_INET6; }

}  // namespace tcp
