// SPDX-License-Identifier: MIT
// What is shown of the sockets, in which order, together or again and again.
#pragma once

#include <optional>
#include <string>

#include "cmd/options.hpp"
#include "cmd/sockets_columns.hpp"
#include "cmd/sockets_order.hpp"
#include "libtcp/sockets/query.hpp"

namespace tcp::cmd {

// --columns, --info, --no-owner
class ColumnOptions {
 public:
  void define(CLI::App& app);
  // `usual`: the columns when none are named; the process comes last unless owners are not looked for.
  [[nodiscard]] Result<void> settle(std::string_view usual);
  // What the columns need to be told.
  void add_needs(sockets::Query& query) const;

  [[nodiscard]] bool asks_for_list() const noexcept { return word_ == "list"; }
  // Something else than the usual is to be shown of each socket.
  [[nodiscard]] bool chosen() const noexcept { return info_ || (!word_.empty() && !asks_for_list()); }
  [[nodiscard]] bool owners() const noexcept { return !no_owner_; }
  [[nodiscard]] bool info() const noexcept { return info_; }
  [[nodiscard]] const ColumnList& columns() const noexcept { return columns_; }

 private:
  std::string word_;
  bool no_owner_ = false;
  bool info_ = false;
  ColumnList columns_;
};

// --sort, --top, --group-by, --summary
class OrderOptions {
 public:
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();

  [[nodiscard]] bool sorts() const noexcept { return sort_.has_value(); }
  // Of sockets: null when nothing is to be sorted. Errors: no such column. Groups have keys of their own.
  [[nodiscard]] Result<const SocketColumn*> sort_column() const;
  [[nodiscard]] SortWord sort_or(SortWord otherwise) const { return sort_.value_or(std::move(otherwise)); }
  [[nodiscard]] std::optional<std::size_t> top() const noexcept { return top_; }
  [[nodiscard]] const std::string& group_by() const noexcept { return group_by_; }
  [[nodiscard]] bool summary() const noexcept { return summary_; }

 private:
  std::string sort_word_;
  std::string top_word_;
  std::string group_by_;
  bool summary_ = false;
  std::optional<SortWord> sort_;
  std::optional<std::size_t> top_;
};

// --rates, --watch, --events
class TimeOptions {
 public:
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();

  [[nodiscard]] std::optional<Duration> rates() const noexcept { return rates_; }
  [[nodiscard]] std::optional<Duration> watch() const noexcept { return watch_; }
  [[nodiscard]] bool events() const noexcept { return events_; }
  // --watch without a duration of its own.
  [[nodiscard]] bool watches_as_usual() const noexcept { return watch_word_ == kFlagWithoutValue; }

 private:
  static constexpr const char* kFlagWithoutValue = "true";  // CLI11's word

  std::string rates_word_;
  std::string watch_word_;
  bool events_ = false;
  std::optional<Duration> rates_;
  std::optional<Duration> watch_;
};

}  // namespace tcp::cmd
