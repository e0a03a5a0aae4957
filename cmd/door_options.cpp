// SPDX-License-Identifier: MIT
#include "cmd/door_options.hpp"

#include <CLI/CLI.hpp>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

Result<std::size_t> settle_count(std::string_view option, const std::string& word) {
  if (word.empty()) return 0;
  const auto count = parse_unsigned<std::uint32_t>(word);
  if (!count || *count == 0) {
    return usage_error(std::string(option) + " '" + word + "'", "must be a number from 1 on");
  }
  return *count;
}

}  // namespace

Result<void> check_access(std::string_view option, const stream::AccessRules& rules) {
  auto list = stream::AccessList::load(rules);
  if (list) return {};
  Error error = std::move(list).error();
  error.detail = error.message();
  error.code = make_error_code(Errc::invalid_input);
  error.attempt = option;
  return std::unexpected(std::move(error));
}

void DoorWords::define(CLI::App& app) {
  app.add_option("--max-connections", max_connections, "Serve at most so many clients at a time")
      ->type_name("N")
      ->group("Clients");
  app.add_option("--when-full", when_full, "What then becomes of the next one: queue (wait) or refuse (be reset)")
      ->type_name("HOW")
      ->group("Clients");
  app.add_option("--max-per-host", max_per_host, "Reset whoever comes from an address that has so many already")
      ->type_name("N")
      ->group("Clients");
  app.add_option("--allow", door.access.allow, "Serve only these: ADDRESS, ADDRESS/LENGTH, FIRST-LAST or @FILE")
      ->type_name("SPEC")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Clients");
  app.add_option("--deny", door.access.deny, "Never serve these, allowed or not")
      ->type_name("SPEC")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Clients");
}

Result<void> DoorWords::settle() {
  TCP_TRY_ASSIGN(most, settle_count("--max-connections", max_connections));
  TCP_TRY_ASSIGN(per_host, settle_count("--max-per-host", max_per_host));
  door.max_connections = most;
  door.max_per_host = per_host;
  if (!when_full.empty() && when_full != "queue" && when_full != "refuse") {
    return usage_error("--when-full '" + when_full + "'", "must be queue or refuse");
  }
  if (!when_full.empty() && most == 0) return usage_error("--when-full", "needs --max-connections");
  door.when_full = when_full == "refuse" ? stream::WhenFull::refuse : stream::WhenFull::queue;
  TCP_TRY(check_access("--allow", {door.access.allow, {}}));
  return check_access("--deny", {{}, door.access.deny});
}

}  // namespace tcp::cmd
