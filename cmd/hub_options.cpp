// SPDX-License-Identifier: MIT
#include "cmd/hub_options.hpp"

#include <CLI/CLI.hpp>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

constexpr std::uint64_t kLeastQueueBytes = 4096;
constexpr std::uint64_t kMostQueueBytes = std::uint64_t{1} << 30;

Result<std::size_t> settle_queue(const std::string& word) {
  auto bytes = parse_byte_count(word);
  if (!bytes) return in_option("--queue", std::move(bytes).error());
  if (*bytes < kLeastQueueBytes || *bytes > kMostQueueBytes) {
    return usage_error("--queue '" + word + "'", "must be 4KiB to 1GiB");
  }
  return *bytes;
}

}  // namespace

void HubWords::define(CLI::App& app) {
  app.add_flag("--broker", broker, "Pass on what each client sends to all others; implies --keep-open")
      ->group("Joined with");
  app.add_flag("--chat", chat, "Likewise line by line, with who said it")->group("Joined with");
  app.add_option("--queue", queue, "How much may wait for each client of a broker or chat (1MiB)")
      ->type_name("SIZE")
      ->group("Joined with");
  app.add_option("--stuck-timeout", stuck_timeout,
                 "Drop a client of a broker or chat that takes nothing for so long (30s; 0: never)")
      ->type_name("DURATION")
      ->group("Joined with");
}

Result<void> HubWords::settle(std::optional<stream::HubKind> served) {
  const int chosen = int{broker} + int{chat} + int{served.has_value()};
  if (chosen > 1) return usage_error("--broker, --chat and --serve", "choose one of them");
  if (!broker && !chat && !(queue.empty() && stuck_timeout.empty())) {
    return usage_error(queue.empty() ? "--stuck-timeout" : "--queue", "needs --broker or --chat");
  }
  if (chosen == 0) return {};
  stream::HubOptions options;
  options.kind = served ? *served : chat ? stream::HubKind::chat : stream::HubKind::broker;
  if (!queue.empty()) {
    TCP_TRY_ASSIGN(bytes, settle_queue(queue));
    options.queue_bytes = bytes;
  }
  TCP_TRY_ASSIGN(stuck, settle_duration("--stuck-timeout", stuck_timeout, options.stuck_timeout));
  options.stuck_timeout = stuck;
  hub = options;
  return {};
}

}  // namespace tcp::cmd
