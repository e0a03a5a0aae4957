// SPDX-License-Identifier: MIT
#include "cmd/forward_options.hpp"

#include <CLI/CLI.hpp>

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

}  // namespace

void ForwardWords::define(CLI::App& app) {
  app.add_option("--forward", targets, "Join each client with a connection to there; several: see --balance")
      ->type_name("HOST:PORT")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Joined with");
  app.add_option("--balance", balance, "Which of several targets a client gets: round-robin, random or least")
      ->type_name("POLICY")
      ->group("Joined with");
}

Result<std::optional<stream::ForwardOptions>> ForwardWords::settle(const stream::DialOptions& dial) const {
  TCP_TRY_ASSIGN(policy, parse_balance(balance));
  if (targets.empty()) {
    if (!balance.empty()) return usage_error("--balance", "chooses among targets: needs --forward");
    return std::nullopt;
  }
  stream::ForwardOptions options;
  options.balance = policy;
  for (const std::string& word : targets) {
    auto target = settle_target(word);
    if (!target) return in_option("--forward", std::move(target).error());
    options.targets.push_back(dial);
    options.targets.back().target = *std::move(target);
  }
  return options;
}

}  // namespace tcp::cmd
