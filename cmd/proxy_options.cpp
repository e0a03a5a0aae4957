// SPDX-License-Identifier: MIT
#include "cmd/proxy_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "cmd/small_file.hpp"
#include "libtcp/stream/proxy_environment.hpp"

namespace tcp::cmd {
namespace {

constexpr const char* kOption = "--proxy";

}  // namespace

void ProxyWords::define(CLI::App& app) {
  const char* const group = "Proxies";
  app.add_option(kOption, words_,
                 "Connect through socks4, socks4a, socks5, socks5h, http or https://[USER[:PASSWORD]@]HOST:PORT, or as "
                 "the environment says (env); again: through one after the other")
      ->type_name("URL|env")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group(group);
  app.add_option("--proxy-auth-file", auth_file_, "USER:PASSWORD for proxies that have none, a line for each --proxy")
      ->type_name("FILE")
      ->group(group);
  tls_.define(app);
}

Result<void> ProxyWords::settle(const stream::Target& target, bool uses_tls) {
  TCP_TRY(settle_proxies(target, uses_tls));
  const bool has_https =
      std::ranges::any_of(proxies_, [](const stream::Proxy& each) { return each.kind == stream::ProxyKind::https; });
  tls_.set_wanted(has_https);
  TCP_TRY(tls_.settle());
  if (!auth_file_.empty() && words_.empty()) return usage_error("--proxy-auth-file", "needs --proxy");
  if (proxies_.empty() || std::holds_alternative<stream::HostTarget>(target)) return {};
  return usage_error(kOption, "does not lead to a Unix-domain socket");
}

Result<void> ProxyWords::settle_proxies(const stream::Target& target, bool uses_tls) {
  if (words_.size() > stream::kMostProxies) return usage_error(kOption, "at most 16 of them");
  if (std::ranges::find(words_, "env") == words_.end()) {
    for (const std::string& word : words_) {
      auto proxy = stream::parse_proxy_url(word);
      if (!proxy) return in_option(kOption, std::move(proxy).error());
      proxies_.push_back(std::move(*proxy));
    }
    return {};
  }
  if (words_.size() > 1) return usage_error("--proxy env", "is not part of a chain");
  const auto* host = std::get_if<stream::HostTarget>(&target);
  if (host == nullptr) return {};
  auto proxy =
      stream::proxy_of_environment([](const char* name) -> const char* { return std::getenv(name); }, *host, uses_tls);
  if (!proxy) return in_option("--proxy env", std::move(proxy).error());
  if (*proxy) proxies_.push_back(std::move(**proxy));
  return {};
}

Result<void> ProxyWords::take_lines(std::string_view text, const std::string& from) {
  for (stream::Proxy& proxy : proxies_) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || proxy.credentials) continue;
    auto credentials = stream::parse_proxy_credentials(line);
    if (!credentials) return in_option(from, std::move(credentials).error());
    if (auto fits = stream::check_credentials(proxy.kind, *credentials); !fits) {
      return in_option(from, std::move(fits).error());
    }
    proxy.credentials = std::move(*credentials);
  }
  return {};
}

Result<void> ProxyWords::load(stream::DialOptions& dial) {
  if (!auth_file_.empty() && is_used()) {
    TCP_TRY_ASSIGN(text, read_small_file(auth_file_));
    TCP_TRY(take_lines(text, auth_file_));
  }
  if (const char* value = std::getenv(kProxyAuthVariable); value != nullptr) {
    const std::string text(value);
    ::unsetenv(kProxyAuthVariable);  // programs that we run have no use for it
    TCP_TRY(take_lines(text, kProxyAuthVariable));
  }
  dial.proxies = proxies_;
  dial.proxy_tls = tls_.settled();
  return {};
}

void RefusedProxy::define(CLI::App& app) {
  app.add_option(kOption, words_, "Refused: a proxy makes the connection itself")
      ->type_name("URL")
      ->expected(1)
      ->allow_extra_args(false)
      ->group("");
}

Result<void> RefusedProxy::settle() const {
  if (words_.empty()) return {};
  return usage_error(kOption, "a proxy makes the connection itself: there is no SYN of ours to see");
}

}  // namespace tcp::cmd
