// SPDX-License-Identifier: MIT
#include <limits>

#include "cmd/sockets_group.hpp"
#include "cmd/sockets_options.hpp"
#include "cmd/sockets_summary.hpp"

namespace tcp::cmd {
namespace {

using sockets::SocketRow;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

class Listing {
 public:
  Listing(Context& context, const SocketsOptions& options, SocketsPass& pass)
      : context_(context), options_(options), pass_(pass), names_(options.selection.numeric()) {
    pass_.set_names(names_);
  }

  Result<ExitCode> run() {
    if (options_.time.rates() || pass_.query().filter.needs().rates) {
      TCP_TRY(pass_.look_before(context_.clock, options_.time.rates().value_or(kUsualRatePeriod)));
    }
    {
      const auto view = options_.make_view(context_, names_);
      const Output::Batch batch(context_.out);
      view->start(options_.run_record(context_));
      TCP_TRY(answer(*view));
      view->summary(notes_.summary(true));
    }
    if (context_.out.failed()) return ExitCode::done;
    context_.out.flush();
    notes_.say(context_);
    if (notes_.selected() > 0) return ExitCode::done;
    context_.note("tcpbox: no socket matches");
    return ExitCode::negative;
  }

 private:
  Result<void> answer(SocketsView& view) {
    if (options_.order.summary()) return count_states(view);
    if (!options_.order.group_by().empty()) return groups(view);
    TCP_TRY_ASSIGN(column, options_.order.sort_column());
    return column == nullptr ? rows(view) : sorted_rows(view, *column);
  }

  Result<void> rows(SocketsView& view) {
    const std::size_t most = options_.order.top().value_or(kAll);
    std::size_t shown = 0;
    return pass_.run(notes_, [&](const SocketRow& row) {
      if (shown == most) return false;
      view.row(row);
      return !context_.out.failed() && ++shown < most;
    });
  }

  Result<void> sorted_rows(SocketsView& view, const SocketColumn& column) {
    const CellStyle style{false, &names_};
    SortedRows rows(options_.order.sort_or({}).descending, options_.order.top().value_or(kAll));
    TCP_TRY(pass_.run(notes_, [&](const SocketRow& row) {
      rows.add(sort_key(column, row, style), [&](std::string& text) { view.capture(text, row); });
      return true;
    }));
    for (const std::string& row : rows.take()) view.captured(row);
    return {};
  }

  Result<void> groups(SocketsView& view) {
    TCP_TRY_ASSIGN(groups, SocketGroups::make(options_.order.group_by()));
    const CellStyle style{false, &names_};
    TCP_TRY(pass_.run(notes_, [&](const SocketRow& row) {
      groups.add(row, style);
      return true;
    }));
    TCP_TRY_ASSIGN(sorted,
                   groups.sorted(options_.order.sort_or({"sockets", true}), options_.order.top().value_or(kAll)));
    for (const SocketGroups::Group& group : sorted) view.result(groups.to_record(group));
    if (options_.is_text() && !sorted.empty()) {
      context_.out.write(groups.to_text(sorted, context_.out.terminal()));
    }
    return {};
  }

  Result<void> count_states(SocketsView& view) {
    StateCounts counts;
    TCP_TRY(pass_.run(notes_, [&](const SocketRow& row) {
      counts.add(row.socket->state);
      return true;
    }));
    TCP_TRY_ASSIGN(values, pass_.read_counters());
    const Record record = counts.to_record(values);
    view.result(record);
    if (options_.is_text()) context_.out.write(StateCounts::to_text(record, context_.out.terminal()));
    return {};
  }

  Context& context_;
  const SocketsOptions& options_;
  SocketsPass& pass_;
  SocketNames names_;
  SocketsNotes notes_;
};

}  // namespace

Result<ExitCode> list_sockets(Context& context, const SocketsOptions& options, SocketsPass& pass) {
  return Listing(context, options, pass).run();
}

}  // namespace tcp::cmd
