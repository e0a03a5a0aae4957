// SPDX-License-Identifier: MIT
#include "cmd/forward_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cmd/options.hpp"
#include "cmd/target_words.hpp"

namespace tcp::cmd {
namespace {

Result<stream::Balance> parse_balance(const std::string& word) {
  if (word.empty() || word == "round-robin") return stream::Balance::round_robin;
  if (word == "random") return stream::Balance::random;
  if (word == "least") return stream::Balance::least;
  return usage_error("--balance '" + word + "'", "must be round-robin, random or least");
}

Result<std::optional<stream::ProxyVersion>> parse_proxy_version(const std::string& word) {
  if (word.empty()) return std::nullopt;
  if (word == "1") return stream::ProxyVersion::v1;
  if (word == "2") return stream::ProxyVersion::v2;
  return usage_error("--send-proxy '" + word + "'", "must be 1 or 2");
}

// What follows "tls:", or nothing.
std::optional<std::string> tls_target(const std::string& word) {
  constexpr std::string_view kTls = "tls:";
  if (!word.starts_with(kTls)) return std::nullopt;
  return word.substr(kTls.size());
}

bool wants_tls(const std::string& word) { return tls_target(word).has_value(); }

}  // namespace

void ForwardWords::define(CLI::App& app) {
  app.add_option("--forward", targets_,
                 "Join each client with a connection to there, tls: before it for TLS; several: "
                 "see --balance")
      ->type_name("HOST:PORT")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Joined with");
  app.add_option("--balance", balance_, "Which of several targets a client gets: round-robin, random or least")
      ->type_name("POLICY")
      ->group("Joined with");
  app.add_option("--send-proxy", send_proxy_,
                 "Tell the target first whose connection it is, by the PROXY protocol's version 1 or 2")
      ->type_name("VERSION")
      ->group("Joined with");
  app.add_flag("--transparent", transparent_,
               "Forward each client to where it was going before nft's tproxy or redirect brought it here")
      ->group("Joined with");
  tls_.define(app);
}

Result<stream::DialOptions> ForwardWords::settle_target(const std::string& word, stream::DialOptions dial) const {
  const auto behind_tls = tls_target(word);
  auto target = cmd::settle_target(behind_tls.value_or(word));
  if (!target) return in_option(behind_tls ? "--forward tls" : "--forward", std::move(target).error());
  dial.target = *std::move(target);
  if (!behind_tls) return dial;
  const bool has_name = std::holds_alternative<stream::HostTarget>(dial.target) || !tls_.settled()->name.empty();
  if (!has_name && tls_.settled()->pins.empty() && !tls_.settled()->insecure) {
    return usage_error("--forward " + word, "has no host to check: needs --forward-tls-name or --forward-tls-pin");
  }
  dial.tls = tls_.settled();
  return dial;
}

Result<std::optional<stream::ForwardOptions>> ForwardWords::settle(const stream::DialOptions& dial) {
  TCP_TRY_ASSIGN(policy, parse_balance(balance_));
  TCP_TRY_ASSIGN(send_proxy, parse_proxy_version(send_proxy_));
  tls_.set_wanted(std::ranges::any_of(targets_, wants_tls));
  TCP_TRY(tls_.settle());
  if (transparent_ && !targets_.empty()) {
    return usage_error("--transparent", "each client has a target of its own: leave --forward out");
  }
  if (transparent_ && !balance_.empty()) return usage_error("--balance", "chooses among targets: needs --forward");
  if (targets_.empty() && !transparent_) {
    if (send_proxy) return usage_error("--send-proxy", "is for a target: needs --forward");
    if (!balance_.empty()) return usage_error("--balance", "chooses among targets: needs --forward");
    return std::nullopt;
  }
  stream::ForwardOptions options;
  options.transparent = transparent_;
  options.balance = policy;
  options.send_proxy = send_proxy;
  for (const std::string& word : targets_) {
    TCP_TRY_ASSIGN(target, settle_target(word, dial));
    options.targets.push_back(std::move(target));
  }
  return options;
}

}  // namespace tcp::cmd
