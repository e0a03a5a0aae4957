// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_environment.hpp"

#include <algorithm>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostValue = std::size_t{64} * 1024;

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; });
  return result;
}

// A variable by its lower-case name.
std::string_view value_of(const Environment& environment, const std::string& name) {
  for (const std::string& spelling : {name, upper(name)}) {
    const char* value = environment(spelling.c_str());
    if (value != nullptr && *value != '\0') return std::string_view(value).substr(0, kMostValue);
  }
  return {};
}

bool covers(std::string_view domain, std::string_view host) {
  if (domain.starts_with('*')) domain.remove_prefix(1);
  if (domain.starts_with('.')) domain.remove_prefix(1);
  if (domain.empty() || !host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

bool matches(std::string_view entry, std::string_view host, std::uint16_t port) {
  if (entry == "*") return true;
  const auto address = parse_ip_address(host);
  if (const auto prefix = parse_prefix(entry)) return address && prefix->contains(address->without_scope());
  const auto parts = parse_host_port(entry);
  if (!parts) return false;
  if (!parts->service.empty() && parse_unsigned<std::uint16_t>(parts->service) != port) return false;
  if (const auto literal = parse_ip_address(parts->host)) return address && *address == *literal;
  return !address && covers(parts->host, host);
}

}  // namespace

bool is_exempt(std::string_view no_proxy, const HostTarget& target) {
  constexpr std::string_view kBetween = ", \t";
  std::string host = ascii_lower(target.host);
  if (host.ends_with('.')) host.pop_back();
  const std::string list = ascii_lower(no_proxy);
  std::string_view rest = list;
  for (;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBetween), rest.size()));
    if (rest.empty()) return false;
    const std::string_view entry = rest.substr(0, rest.find_first_of(kBetween));
    if (matches(entry, host, target.port)) return true;
    rest.remove_prefix(entry.size());
  }
}

Result<std::optional<Proxy>> proxy_of_environment(const Environment& environment, const HostTarget& target,
                                                  bool uses_tls) {
  if (is_exempt(value_of(environment, "no_proxy"), target)) return std::nullopt;
  const std::string first = uses_tls ? "https_proxy" : "all_proxy";
  const std::string second = uses_tls ? "all_proxy" : "https_proxy";
  std::string url(value_of(environment, first));
  if (url.empty()) url = value_of(environment, second);
  if (url.empty()) return std::nullopt;
  if (!url.contains("://")) url.insert(0, "http://");
  TCP_TRY_ASSIGN(proxy, parse_proxy_url(url));
  return proxy;
}

}  // namespace tcp::stream
