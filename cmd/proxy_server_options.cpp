// SPDX-License-Identifier: MIT
#include "cmd/proxy_server_options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "cmd/door_options.hpp"
#include "cmd/proxy_options.hpp"
#include "cmd/small_file.hpp"

namespace tcp::cmd {
namespace {

constexpr const char* kAuth = "--proxy-auth";
constexpr const char* kAuthFile = "--proxy-auth-file";

// Both words of it: a proxy that anybody may use by leaving one out is no secret.
Result<stream::ProxyCredentials> parse_both(const std::string& text, const std::string& from) {
  auto credentials = stream::parse_proxy_credentials(text);
  if (!credentials) return in_option(from, std::move(credentials).error());
  if (credentials->user.empty() || credentials->password.empty()) {
    return usage_error(from, "must be USER:PASSWORD, neither of them empty");
  }
  if (auto fits = stream::check_credentials(stream::ProxyKind::socks5, *credentials); !fits) {
    return in_option(from, std::move(fits).error());
  }
  return credentials;
}

Result<stream::ProxyCredentials> read_both(const std::string& path) {
  TCP_TRY_ASSIGN(line, read_first_line(path));
  return parse_both(line, path);
}

void define_targets(CLI::App& app, const std::string& name, std::vector<std::string>& words, const std::string& help) {
  app.add_option(name, words, help)
      ->type_name("SPEC")
      ->check(refuse_empty)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Proxy server");
}

}  // namespace

void ProxyServerWords::define(CLI::App& app) {
  const char* const group = "Proxy server";
  app.add_option(kAuth, auth_, "With --serve http-proxy or socks: serve only who knows these; better in a file")
      ->type_name("USER:PASSWORD")
      ->check(refuse_empty)
      ->group(group);
  app.add_option(kAuthFile, auth_file_, "Likewise, from the first line of a file; or in TCPBOX_PROXY_AUTH")
      ->type_name("FILE")
      ->check(refuse_empty)
      ->group(group);
  define_targets(app, "--allow-target", targets_.allow,
                 "Let clients of a proxy go only there: ADDRESS, ADDRESS/LENGTH, FIRST-LAST or @FILE");
  define_targets(app, "--deny-target", targets_.deny, "Never let them go there, allowed or not");
  app.add_option("--request-timeout", request_timeout_, "How long a proxy's client may take to say where to (30s)")
      ->type_name("DURATION")
      ->check(refuse_empty)
      ->group(group);
}

std::string_view ProxyServerWords::first_given() const {
  if (!auth_.empty()) return kAuth;
  if (!auth_file_.empty()) return kAuthFile;
  if (!targets_.allow.empty()) return "--allow-target";
  if (!targets_.deny.empty()) return "--deny-target";
  return request_timeout_.empty() ? "" : "--request-timeout";
}

Result<void> ProxyServerWords::settle(std::optional<stream::ProxyServerKind> kind, const stream::DialOptions& dial) {
  if (!kind) {
    const std::string_view given = first_given();
    return given.empty() ? Result<void>()
                         : usage_error(std::string(given), "needs --serve http-proxy or --serve socks");
  }
  stream::ProxyServerOptions options;
  options.kind = *kind;
  options.dial = dial;
  options.targets = targets_;
  if (!auth_.empty() && !auth_file_.empty()) return usage_error(kAuth, "--proxy-auth-file says the same");
  if (!auth_.empty()) {
    TCP_TRY_ASSIGN(credentials, parse_both(auth_, kAuth));
    options.credentials = std::move(credentials);
  }
  TCP_TRY(check_access("--allow-target", {targets_.allow, {}}));
  TCP_TRY(check_access("--deny-target", {{}, targets_.deny}));
  TCP_TRY_ASSIGN(timeout, settle_duration("--request-timeout", request_timeout_, options.request_timeout));
  if (timeout == Duration()) return usage_error("--request-timeout '" + request_timeout_ + "'", "must be more than 0");
  options.request_timeout = timeout;
  options_ = std::move(options);
  return {};
}

Result<void> ProxyServerWords::load(stream::ProxyServerOptions& options) const {
  if (!auth_file_.empty()) {
    TCP_TRY_ASSIGN(credentials, read_both(auth_file_));
    options.credentials = std::move(credentials);
  }
  const char* const value = std::getenv(kProxyAuthVariable);
  if (value == nullptr) return {};
  const std::string text(value);
  ::unsetenv(kProxyAuthVariable);  // programs that we run have no use for it
  if (options.credentials) return {};
  TCP_TRY_ASSIGN(credentials, parse_both(text, kProxyAuthVariable));
  options.credentials = std::move(credentials);
  return {};
}

}  // namespace tcp::cmd
