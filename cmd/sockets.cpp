// SPDX-License-Identifier: MIT
// tcpbox sockets: the TCP sockets of this host, as the kernel has them.
#include <CLI/CLI.hpp>

#include "cmd/command.hpp"
#include "cmd/options.hpp"
#include "cmd/sockets_explain.hpp"
#include "cmd/sockets_notes.hpp"
#include "cmd/sockets_selection.hpp"
#include "cmd/sockets_view.hpp"

namespace tcp::cmd {
namespace {

using sockets::SocketRow;

constexpr std::string_view kUsualColumns = "state,recv_queue,send_queue,local,remote";
constexpr std::string_view kListenerColumns = "state,accept,local,user";

class SocketsCommand final : public Command {
 public:
  void define(CLI::App& app) override;
  Result<void> settle() override;
  Result<ExitCode> run(Context& context) override;

 private:
  Result<void> settle_columns();
  void add_needs(sockets::Query& query) const;
  std::unique_ptr<SocketsView> make_view(Context& context, SocketNames& names) const;
  Result<ExitCode> list(Context& context, const sockets::Query& query) const;
  [[nodiscard]] Record run_record(const Context& context) const;

  SelectionOptions selection_;
  OutputOptions output_;
  std::string columns_word_;
  bool list_columns_ = false;
  bool no_owner_ = false;
  bool info_ = false;
  bool explain_ = false;
  ColumnList columns_;
};

void SocketsCommand::define(CLI::App& app) {
  constexpr const char* kGroup = "Output";
  selection_.define(app);
  app.add_option("--columns", columns_word_, "Show these columns: local,remote,rtt; 'list' tells which there are")
      ->type_name("LIST")
      ->group(kGroup);
  app.add_flag("-i,--info", info_, "All that the kernel says of each connection, below it")->group(kGroup);
  app.add_flag("--no-owner", no_owner_, "Do not look for the processes that hold the sockets")->group(kGroup);
  app.add_flag("--explain", explain_, "Show which part of the filter the kernel decides, and list nothing")
      ->group(kGroup);
  output_.define(app);
}

Result<void> SocketsCommand::settle_columns() {
  list_columns_ = columns_word_ == "list";
  if (!columns_word_.empty() && !list_columns_) {
    auto columns = parse_columns(columns_word_);
    if (!columns) return in_option("--columns", std::move(columns).error());
    columns_ = std::move(*columns);
    return {};
  }
  std::string list(selection_.listeners_only() ? kListenerColumns : kUsualColumns);
  if (!no_owner_) list += ",process";
  TCP_TRY_ASSIGN(columns, parse_columns(list));
  columns_ = columns;
  return {};
}

Result<void> SocketsCommand::settle() {
  TCP_TRY(output_.settle());
  TCP_TRY(selection_.settle());
  return settle_columns();
}

void SocketsCommand::add_needs(sockets::Query& query) const {
  if (output_.format() != Format::text) {
    query.details = sockets::kAllDetails;
    query.holders = query.cgroups = !no_owner_;
    return;
  }
  constexpr auto kInfo = static_cast<sockets::DetailSet>(sockets::Detail::tcp_info);
  constexpr auto kCongestion = static_cast<sockets::DetailSet>(sockets::Detail::congestion);
  constexpr auto kMemory = static_cast<sockets::DetailSet>(sockets::Detail::socket_memory);
  if (info_) query.details |= kInfo | kCongestion;
  if (selection_.listeners_only()) query.details |= kMemory;  // what a full queue has dropped
  for (const SocketColumn* column : columns_) {
    query.details |= column->details;
    query.cgroups |= column->need == ColumnNeed::cgroups;
    query.holders |= column->need == ColumnNeed::holders || column->need == ColumnNeed::cgroups;
  }
  if (no_owner_) query.holders = query.cgroups = false;
}

Record SocketsCommand::run_record(const Context& context) const {
  return make_run_record("sockets", 1, context.arguments, to_rfc3339(context.clock.wall_now()));
}

std::unique_ptr<SocketsView> SocketsCommand::make_view(Context& context, SocketNames& names) const {
  if (output_.format() != Format::text) {
    return make_sockets_json_view(output_.format(), context.out, {!no_owner_, &names});
  }
  const CellStyle style{context.out.terminal().is_terminal, &names};
  return make_sockets_text_view(context.out, {columns_, style, info_});
}

Result<ExitCode> SocketsCommand::list(Context& context, const sockets::Query& query) const {
  SocketNames names(selection_.numeric());
  const auto view = make_view(context, names);
  SocketsNotes notes;
  {
    const Output::Batch batch(context.out);
    view->start(run_record(context));
    TCP_TRY_ASSIGN(outcome, sockets::query_sockets(query, [&](const SocketRow& row) {
                     notes.see(row);
                     view->row(row);
                     return !context.out.failed();
                   }));
    notes.add(outcome);
    view->summary(notes.summary(true));
  }
  if (context.out.failed()) return ExitCode::done;
  notes.say(context);
  if (notes.selected() > 0) return ExitCode::done;
  context.note("tcpbox: no socket matches");
  return ExitCode::negative;
}

Result<ExitCode> SocketsCommand::run(Context& context) {
  output_.apply(context);
  if (list_columns_) {
    show_columns(context.out);
    return ExitCode::done;
  }
  TCP_TRY_ASSIGN(query, selection_.make_query());
  if (explain_) {
    show_explanation(context, output_.format(), query.filter, run_record(context));
    return ExitCode::done;
  }
  add_needs(query);
  return list(context, query);
}

}  // namespace

std::unique_ptr<Command> make_sockets_command() { return std::make_unique<SocketsCommand>(); }

}  // namespace tcp::cmd
