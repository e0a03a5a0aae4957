// SPDX-License-Identifier: MIT
#include "libtcp/net/resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <memory>

#include "libtcp/base/parse.hpp"
#include "libtcp/net/hosts_file.hpp"

namespace tcp::net {
namespace {

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

// getaddrinfo reads an internationalized name in the thread's locale; ours are UTF-8 whatever the environment says.
class Utf8Names {
 public:
  Utf8Names() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) previous_ = ::uselocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;
  ~Utf8Names() {
    if (locale_ == nullptr) return;
    ::uselocale(previous_);
    ::freelocale(locale_);
  }

 private:
  locale_t locale_;
  locale_t previous_ = nullptr;
};

// "127.1" and "0x7f000001" are addresses to inet_aton, and "010.0.0.1" is 8.0.0.1: they are no names, and too
// surprising as addresses. A name's last label is never a number (RFC 3696 §2).
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view label = host.substr(host.rfind('.') + 1);
  const bool hexadecimal = label.starts_with("0x") || label.starts_with("0X");
  return hexadecimal || (!label.empty() && label.find_first_not_of("0123456789") == std::string_view::npos);
}

bool looks_like_address(std::string_view host) {
  return host.find_first_of(":%") != std::string_view::npos || ends_in_number(host);
}

bool is_control_or_space(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; }

Result<std::vector<IpAddress>> only_if_wanted(const IpAddress& address, const ResolveOptions& options) {
  if (options.family && *options.family != address.family()) {
    return usage_error("address " + to_string(address),
                       "only " + std::string(to_string(*options.family)) + " is wanted");
  }
  return std::vector{address};
}

Result<void> check_name(const std::string& host, const ResolveOptions& options) {
  if (host.empty()) return usage_error("host name", "is empty");
  if (std::ranges::any_of(host, is_control_or_space)) {
    return usage_error("host name '" + host + "'", "holds a space or a control character");
  }
  if (options.numeric_only) return usage_error("host '" + host + "'", "only numeric addresses are wanted");
  return {};
}

std::unexpected<Error> resolve_error(const std::string& host, int code) {
  if (code == EAI_SYSTEM) return system_error("resolve " + host);
  std::string reason = ::gai_strerror(code);
  if (!reason.empty() && reason.front() >= 'A' && reason.front() <= 'Z') reason.front() += 'a' - 'A';
  return make_error(Errc::resolve_failed, "resolve " + host,
                    make_error_code(Errc::resolve_failed).message() + " (" + reason + ")");
}

Result<AddressList> ask_resolver(const std::string& host, const ResolveOptions& options) {
  addrinfo hints{};
  hints.ai_family = options.family ? to_address_family(*options.family) : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;  // otherwise each address comes once a socket type
  hints.ai_flags = AI_IDN;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) return resolve_error(host, code);
  return AddressList(list, &::freeaddrinfo);
}

std::vector<IpAddress> unique_addresses(const addrinfo* list) {
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    const auto endpoint = from_socket_address(entry->ai_addr, entry->ai_addrlen);
    if (!endpoint) continue;
    const IpAddress address = endpoint->address.unmapped();
    if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

Result<std::vector<IpAddress>> resolve(const std::string& host, const ResolveOptions& options) {
  const auto numeric = parse_ip_address(host);
  if (numeric) return only_if_wanted(numeric->unmapped(), options);
  TCP_TRY(check_name(host, options));
  if (looks_like_address(host)) return std::unexpected(numeric.error());
  ResolveOptions asked = options;
  if (options.family && options.whole_if_local && hosts_file_names(host)) asked.family.reset();
  const Utf8Names utf8;
  TCP_TRY_ASSIGN(list, ask_resolver(host, asked));
  auto addresses = unique_addresses(list.get());
  if (addresses.empty()) return resolve_error(host, EAI_NODATA);
  return addresses;
}

std::optional<std::string> reverse_resolve(const IpAddress& address) {
  const SocketAddress socket_address = to_socket_address({address, 0});
  std::array<char, NI_MAXHOST> name{};
  const int code =
      ::getnameinfo(socket_address.get(), socket_address.length, name.data(), name.size(), nullptr, 0, NI_NAMEREQD);
  if (code != 0) return std::nullopt;
  return std::string(name.data());
}

}  // namespace tcp::net
