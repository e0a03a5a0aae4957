// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy.hpp"

#include <algorithm>
#include <array>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/escape.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::stream {
namespace {

constexpr std::string_view kSchemeEnd = "://";
constexpr std::size_t kMostWord = 255;  // RFC 1929 §2

constexpr std::array kKinds{ProxyKind::socks4,  ProxyKind::socks4a, ProxyKind::socks5,
                            ProxyKind::socks5h, ProxyKind::http,    ProxyKind::https};

std::string without_credentials(std::string_view url) {
  const std::string_view secret = userinfo_in(url);
  if (secret.empty()) return std::string(url);
  const auto at = static_cast<std::size_t>(secret.data() - url.data());
  return std::string(url.substr(0, at)) + "…" + std::string(url.substr(at + secret.size()));
}

std::uint16_t default_port(ProxyKind kind) {
  if (kind == ProxyKind::http) return 80;
  return kind == ProxyKind::https ? 443 : 1080;
}

std::optional<ProxyKind> kind_of(std::string_view scheme) {
  const std::string lower = ascii_lower(scheme);
  const auto* const found = std::ranges::find(kKinds, lower, [](ProxyKind kind) { return to_string(kind); });
  if (found == kKinds.end()) return std::nullopt;
  return *found;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// What can stand in a request of any of the protocols.
bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= kMostWord &&
         std::ranges::none_of(host, [](char c) { return is_control(c) || c == ' ' || c == '@' || c == '/'; });
}

}  // namespace

std::string_view to_string(ProxyKind kind) {
  switch (kind) {
    case ProxyKind::socks4: return "socks4";
    case ProxyKind::socks4a: return "socks4a";
    case ProxyKind::socks5: return "socks5";
    case ProxyKind::socks5h: return "socks5h";
    case ProxyKind::http: return "http";
    case ProxyKind::https: return "https";
  }
  return "";
}

std::string to_string(const Proxy& proxy) {
  return std::string(to_string(proxy.kind)) + std::string(kSchemeEnd) + to_string(proxy.at);
}

std::string_view userinfo_in(std::string_view url) {
  const std::size_t scheme = url.find(kSchemeEnd);
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + kSchemeEnd.size();
  const std::size_t end = url.rfind('@');
  if (end == std::string_view::npos || end <= begin) return {};
  return url.substr(begin, end - begin);
}

Result<void> check_credentials(ProxyKind kind, const ProxyCredentials& credentials) {
  const auto& [user, password] = credentials;
  const auto refuse = [](std::string why) { return usage_error("credentials of a proxy", std::move(why)); };
  if (user.empty()) return refuse("the user is missing");
  if (user.size() > kMostWord || password.size() > kMostWord) return refuse("are at most 255 bytes each");
  if (std::ranges::any_of(user, is_control) || std::ranges::any_of(password, is_control)) {
    return refuse("hold no control characters");
  }
  const bool is_socks4 = kind == ProxyKind::socks4 || kind == ProxyKind::socks4a;
  if (is_socks4 && !password.empty()) return refuse("SOCKS4 knows a user, but no password");
  const bool is_http = kind == ProxyKind::http || kind == ProxyKind::https;
  if (is_http && user.contains(':')) return refuse("a user of HTTP has no colon");
  return {};
}

Result<ProxyCredentials> parse_proxy_credentials(std::string_view text) {
  const std::size_t colon = text.find(':');
  ProxyCredentials credentials{std::string(text.substr(0, colon)), {}};
  if (colon != std::string_view::npos) credentials.password = text.substr(colon + 1);
  if (credentials.user.empty()) return usage_error("credentials of a proxy", "must be USER:PASSWORD");
  return credentials;
}

Result<Proxy> parse_proxy_url(std::string_view url) {
  const auto refuse = [url](std::string why) {
    return usage_error("proxy '" + without_credentials(url) + "'", std::move(why));
  };
  const std::size_t scheme = url.find(kSchemeEnd);
  const auto kind = kind_of(url.substr(0, scheme == std::string_view::npos ? 0 : scheme));
  if (!kind) return refuse("must begin with socks4://, socks4a://, socks5://, socks5h://, http:// or https://");
  Proxy proxy;
  proxy.kind = *kind;
  const std::string_view userinfo = userinfo_in(url);
  std::string_view place =
      url.substr(url.rfind('@') != std::string_view::npos ? url.rfind('@') + 1 : scheme + kSchemeEnd.size());
  if (!userinfo.empty()) {
    const std::size_t colon = userinfo.find(':');
    auto user = percent_decode(userinfo.substr(0, colon));
    auto password = percent_decode(colon == std::string_view::npos ? "" : userinfo.substr(colon + 1));
    if (!user || !password) return refuse("a % is followed by two hexadecimal digits; itself it is %25");
    proxy.credentials = ProxyCredentials{std::move(*user), std::move(*password)};
    TCP_TRY(check_credentials(*kind, *proxy.credentials));
  }
  if (place.ends_with('/')) place.remove_suffix(1);
  const auto parts = parse_host_port(place);
  if (!parts || !is_host(parts->host)) return refuse("must be SCHEME://[USER[:PASSWORD]@]HOST:PORT");
  proxy.at = HostTarget{parts->host, default_port(*kind)};
  if (parts->service.empty()) return proxy;
  const auto port = parse_unsigned<std::uint16_t>(parts->service);
  if (!port || *port == 0) return refuse("its port must be a number from 1 to 65535");
  proxy.at.port = *port;
  return proxy;
}

}  // namespace tcp::stream
