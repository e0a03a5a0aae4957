// SPDX-License-Identifier: MIT
#include "cmd/proxy_protocol_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/door_options.hpp"
#include "cmd/options.hpp"

namespace tcp::cmd {
namespace {

constexpr std::string_view kUnix = "unix";

}  // namespace

void ProxyProtocolWords::define(CLI::App& app) {
  app.add_flag("--proxy-protocol", wanted_,
               "Read from each connection first whose it is (version 1 or 2); needs --proxy-protocol-from")
      ->group("Clients");
  app.add_option(
         "--proxy-protocol-from", from_,
         "The proxies whose word counts, all others are reset: ADDRESS, ADDRESS/LENGTH, FIRST-LAST, @FILE, unix")
      ->type_name("SPEC")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Clients");
  app.add_option("--proxy-protocol-timeout", timeout_, "How long a proxy has for it; 10s by default")
      ->type_name("DURATION")
      ->group("Clients");
}

Result<std::optional<stream::ProxyProtocolOptions>> ProxyProtocolWords::settle() const {
  if (!wanted_) {
    if (!from_.empty()) return usage_error("--proxy-protocol-from", "needs --proxy-protocol");
    if (!timeout_.empty()) return usage_error("--proxy-protocol-timeout", "needs --proxy-protocol");
    return std::nullopt;
  }
  if (from_.empty()) {
    return usage_error("--proxy-protocol", "believes nobody by itself: needs --proxy-protocol-from");
  }
  stream::ProxyProtocolOptions options;
  options.from = from_;
  options.from_unix = std::erase(options.from, kUnix) > 0;
  TCP_TRY(check_access("--proxy-protocol-from", options.rules()));
  TCP_TRY_ASSIGN(timeout, settle_duration("--proxy-protocol-timeout", timeout_, options.timeout));
  if (timeout <= Duration()) return usage_error("--proxy-protocol-timeout " + timeout_, "must be longer than that");
  options.timeout = timeout;
  return options;
}

}  // namespace tcp::cmd
