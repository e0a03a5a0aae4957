// SPDX-License-Identifier: MIT
#include "cmd/sockets_show_options.hpp"

#include <CLI/CLI.hpp>

#include <chrono>

#include "cmd/sockets_group.hpp"

namespace tcp::cmd {
namespace {

using namespace std::chrono_literals;

constexpr Duration kShortestLook = 10ms;  // between two looks: rates over less say nothing

}  // namespace

void ColumnOptions::define(CLI::App& app) {
  constexpr const char* kGroup = "Output";
  app.add_option("--columns", word_, "Show these columns: local,remote,rtt; 'list' tells which there are")
      ->check(refuse_empty)
      ->type_name("LIST")
      ->group(kGroup);
  app.add_flag("-i,--info", info_, "All that the kernel says of each connection, below it")->group(kGroup);
  app.add_flag("--no-owner", no_owner_, "Do not look for the processes that hold the sockets")->group(kGroup);
}

Result<void> ColumnOptions::settle(std::string_view usual) {
  if (asks_for_list()) return {};
  const std::string list = std::string(usual) + (no_owner_ ? "" : ",process");
  auto columns = parse_columns(word_.empty() ? list : word_);
  if (!columns) return in_option("--columns", std::move(columns).error());
  columns_ = std::move(*columns);
  return {};
}

void ColumnOptions::add_needs(sockets::Query& query) const {
  constexpr auto kInfo = static_cast<sockets::DetailSet>(sockets::Detail::tcp_info);
  constexpr auto kCongestion = static_cast<sockets::DetailSet>(sockets::Detail::congestion);
  if (info_) query.details |= kInfo | kCongestion;
  for (const SocketColumn* column : columns_) {
    query.details |= column->details;
    query.cgroups |= column->need == ColumnNeed::cgroups;
    query.holders |= column->need == ColumnNeed::holders || column->need == ColumnNeed::cgroups;
  }
  if (no_owner_) query.holders = query.cgroups = false;
}

void OrderOptions::define(CLI::App& app) {
  constexpr const char* kGroup = "Order and sums";
  app.add_option("--sort", sort_word_, "Sort by a column: rtt, or rtt:desc for the highest first")
      ->check(refuse_empty)
      ->type_name("KEY")
      ->group(kGroup);
  app.add_option("--top", top_word_, "Only the first COUNT; sorted from the highest unless told otherwise")
      ->check(refuse_empty)
      ->type_name("COUNT")
      ->group(kGroup);
  app.add_option("--group-by", group_by_,
                 "Counts and sums instead: by process, remote, local-port, state, unit, container, user, …")
      ->check(refuse_empty)
      ->type_name("KEY")
      ->group(kGroup);
  app.add_flag("--summary", summary_, "How many sockets are in which state, and what the kernel counts of trouble")
      ->group(kGroup);
}

Result<void> OrderOptions::settle() {
  TCP_TRY_ASSIGN(top, settle_number<std::size_t>("--top", top_word_, 1, 1000000000));
  top_ = top;
  if (!sort_word_.empty()) {
    auto sort = parse_sort_word(sort_word_, top_.has_value());
    if (!sort) return in_option("--sort", std::move(sort).error());
    sort_ = std::move(*sort);
  }
  if (!group_by_.empty()) {
    auto groups = SocketGroups::make(group_by_);
    if (!groups) return in_option("--group-by", std::move(groups).error());
    auto sorted = groups->sorted(sort_or({"sockets", true}), 0);
    if (!sorted) return std::unexpected(std::move(sorted).error());
  } else if (sort_) {
    TCP_TRY(sort_column());
  }
  if (summary_ && (sort_ || top_ || !group_by_.empty())) {
    return usage_error("--summary", "goes with none of --sort, --top and --group-by");
  }
  return {};
}

Result<const SocketColumn*> OrderOptions::sort_column() const {
  if (!sort_) return nullptr;
  auto column = find_socket_column(sort_->name);
  if (!column) return in_option("--sort", std::move(column).error());
  return column;
}

void TimeOptions::define(CLI::App& app) {
  constexpr const char* kGroup = "Over time";
  app.add_option("--rates", rates_word_, "Look twice, DURATION apart, and show what was moved meanwhile")
      ->check(refuse_empty)
      ->type_name("DURATION")
      ->group(kGroup);
  app.add_flag("--watch", watch_word_, "Again and again, every second or --watch=DURATION, until interrupted")
      ->group(kGroup);
  app.add_flag("--events", events_, "Opened, changed and closed connections, as it happens, until interrupted")
      ->group(kGroup);
}

Result<void> TimeOptions::settle() {
  const auto settle_one = [](std::string_view option, const std::string& word,
                             std::optional<Duration>& to) -> Result<void> {
    if (word.empty()) return {};
    TCP_TRY_ASSIGN(duration, settle_duration(option, word == kFlagWithoutValue ? "" : word, 1s));
    if (duration < kShortestLook) return usage_error(std::string(option) + " '" + word + "'", "must be at least 10ms");
    to = duration;
    return {};
  };
  TCP_TRY(settle_one("--rates", rates_word_, rates_));
  TCP_TRY(settle_one("--watch", watch_word_, watch_));
  const int ways = (rates_ ? 1 : 0) + (watch_ ? 1 : 0) + (events_ ? 1 : 0);
  if (ways > 1) return usage_error("--rates, --watch and --events", "choose one of them");
  return {};
}

}  // namespace tcp::cmd
