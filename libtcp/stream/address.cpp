// SPDX-License-Identifier: MIT
#include "libtcp/stream/address.hpp"

#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace tcp::stream {
namespace {

constexpr std::size_t kNameBytes = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kNameOffset = offsetof(sockaddr_un, sun_path);

// An abstract name begins with a NUL byte and is as long as the address says.
SocketAddress unix_socket_address(const UnixName& name) noexcept {
  SocketAddress address;
  sockaddr_un kernel{};
  kernel.sun_family = AF_UNIX;
  const std::size_t bytes = std::min(name.path.size(), kNameBytes);
  std::copy_n(name.path.data(), bytes, kernel.sun_path);
  const bool is_abstract = name.path.starts_with('@');
  if (is_abstract) kernel.sun_path[0] = '\0';
  std::memcpy(&address.storage, &kernel, sizeof kernel);
  address.length = static_cast<socklen_t>(kNameOffset + bytes + (is_abstract ? 0 : 1));
  return address;
}

UnixName unix_name(const SocketAddress& address) {
  if (address.length <= kNameOffset) return {};
  sockaddr_un kernel{};
  std::memcpy(&kernel, &address.storage, std::min<std::size_t>(address.length, sizeof kernel));
  const std::size_t bytes = std::min<std::size_t>(address.length, sizeof kernel) - kNameOffset;
  if (kernel.sun_path[0] == '\0') return {"@" + std::string(kernel.sun_path + 1, bytes - 1)};
  return {std::string(kernel.sun_path, ::strnlen(kernel.sun_path, bytes))};
}

using NameCall = int(int, sockaddr*, socklen_t*) noexcept;

Address address_of(int fd, NameCall* call) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (call(fd, address.get(), &address.length) != 0) return Endpoint{};
  return from_kernel(address);
}

}  // namespace

std::string to_string(const UnixName& name) { return "unix:" + name.path; }

std::string to_string(const Address& address) {
  if (const auto* endpoint = std::get_if<Endpoint>(&address)) return tcp::to_string(*endpoint);
  return to_string(std::get<UnixName>(address));
}

Result<UnixName> parse_unix_name(std::string_view text) {
  const std::string what = "unix:" + std::string(text);
  if (text.empty() || text == "@") return usage_error(what, "a name is missing: unix:/path or unix:@abstract");
  if (text.size() > kNameBytes) return usage_error(what, "is longer than the kernel's 107 bytes");
  if (text.find('\0') != std::string_view::npos) return usage_error(what, "holds a NUL byte");
  return UnixName{std::string(text)};
}

SocketAddress to_socket_address(const Address& address) noexcept {
  if (const auto* endpoint = std::get_if<Endpoint>(&address)) return tcp::to_socket_address(*endpoint);
  return unix_socket_address(*std::get_if<UnixName>(&address));
}

Address from_kernel(const SocketAddress& address) {
  if (address.get()->sa_family == AF_UNIX) return unix_name(address);
  const auto endpoint = from_socket_address(address.get(), address.length);
  return endpoint ? Endpoint{endpoint->address.unmapped(), endpoint->port} : Endpoint{};
}

Address local_address(int fd) { return address_of(fd, ::getsockname); }

Address remote_address(int fd) { return address_of(fd, ::getpeername); }

}  // namespace tcp::stream
