// SPDX-License-Identifier: MIT
// tcpbox sockets: the TCP sockets of this host, as the kernel has them.
#include <CLI/CLI.hpp>

#include "cmd/command.hpp"
#include "cmd/sockets_explain.hpp"
#include "cmd/sockets_group.hpp"
#include "cmd/sockets_options.hpp"

namespace tcp::cmd {
namespace {

constexpr std::string_view kUsualColumns = "state,recv_queue,send_queue,local,remote";
constexpr std::string_view kListenerColumns = "state,accept,local,user";
constexpr std::string_view kRateColumns = "local,remote,send_rate,receive_rate,rtt";
constexpr std::string_view kWatchColumns = "local,remote,rate,rtt";

constexpr auto kInfo = static_cast<sockets::DetailSet>(sockets::Detail::tcp_info);
constexpr auto kMemory = static_cast<sockets::DetailSet>(sockets::Detail::socket_memory);

void add_column_need(sockets::Query& query, const SocketColumn& column) {
  query.details |= column.details;
  query.cgroups |= column.need == ColumnNeed::cgroups;
  query.holders |= column.need == ColumnNeed::holders || column.need == ColumnNeed::cgroups;
}

// Of what happens, only the ends, the state and, at the close, the totals are told.
Result<void> check_event_filter(const sockets::Filter& filter) {
  const auto needs = filter.needs();
  if (!needs.holders && !needs.cgroup && !needs.rates) return {};
  return usage_error("--events", "cannot be filtered by process, unit, container, cgroup or rate: they are not told");
}

class SocketsCommand final : public Command {
 public:
  void define(CLI::App& app) override;
  Result<void> settle() override;
  Result<ExitCode> run(Context& context) override;

 private:
  [[nodiscard]] std::string usual_columns() const;
  [[nodiscard]] Result<void> check_combinations() const;
  void add_needs(sockets::Query& query) const;
  [[nodiscard]] sockets::StateSet usual_states() const;
  [[nodiscard]] Result<std::vector<sockets::NetworkNamespace>> select_places(Context& context) const;

  SocketsOptions options_;
  std::string netns_;
};

void SocketsCommand::define(CLI::App& app) {
  options_.selection.define(app);
  app.add_option("--netns", netns_, "Those of other network namespaces: all, a NAME, a process ID or a container")
      ->check(refuse_empty)
      ->type_name("NAME")
      ->group("Selection");
  app.add_flag("--explain", options_.explain, "Show which part of the filter the kernel decides, and list nothing")
      ->group("Selection");
  options_.order.define(app);
  options_.time.define(app);
  app.add_flag("--kill", options_.kill, "Close the sockets that FILTER selects")->group("Action");
  app.add_flag("--yes", options_.yes, "With --kill: do not ask")->group("Action");
  options_.columns.define(app);
  options_.output.define(app);
}

std::string SocketsCommand::usual_columns() const {
  const std::string_view columns = options_.time.watch()                 ? kWatchColumns
                                   : options_.time.rates()               ? kRateColumns
                                   : options_.selection.listeners_only() ? kListenerColumns
                                                                         : kUsualColumns;
  return (netns_.empty() ? "" : "netns,") + std::string(columns);
}

Result<void> SocketsCommand::check_combinations() const {
  const bool sums = options_.order.summary() || !options_.order.group_by().empty();
  const bool over_time = options_.time.watch() || options_.time.events();
  // The filter's first word would be a process of that name.
  const std::string text = options_.selection.filter_text();
  const std::string word = text.substr(0, text.find(' '));
  if (options_.time.watches_as_usual() && parse_duration(word)) {
    return usage_error("--watch " + word, "is written as --watch=" + word);
  }
  if (over_time && sums) return usage_error("--watch and --events", "go with neither --summary nor --group-by");
  if (options_.time.events() && options_.order.sorts()) return usage_error("--events", "come in the order of time");
  if (options_.time.events() && !netns_.empty()) {
    return usage_error("--events", "are those of this network namespace; use 'ip netns exec'");
  }
  if (options_.columns.chosen() && (options_.time.events() || sums)) {
    return usage_error("--columns and --info", "go with none of --events, --group-by and --summary");
  }
  if (options_.time.events() && options_.order.top()) return usage_error("--events", "have no --top");
  if (options_.kill && (sums || over_time || options_.time.rates() || options_.order.sorts() || options_.order.top())) {
    return usage_error("--kill", "shows what it closes as it finds it, and goes with no other way of showing");
  }
  if (options_.yes && !options_.kill) return usage_error("--yes", "belongs to --kill");
  return {};
}

Result<void> SocketsCommand::settle() {
  TCP_TRY(options_.output.settle());
  TCP_TRY(options_.selection.settle());
  TCP_TRY(options_.order.settle());
  TCP_TRY(options_.time.settle());
  TCP_TRY(check_combinations());
  return options_.columns.settle(usual_columns());
}

void SocketsCommand::add_needs(sockets::Query& query) const {
  if (options_.order.summary()) return;
  if (options_.selection.listeners_only()) query.details |= kMemory;  // what a full queue has dropped
  if (options_.time.watch() || options_.time.rates()) query.details |= kInfo;
  if (!options_.order.group_by().empty()) {
    const auto groups = SocketGroups::make(options_.order.group_by());
    query.details |= kInfo;
    add_column_need(query, groups->column());
    return;
  }
  if (options_.is_text()) {
    options_.columns.add_needs(query);
  } else {
    query.details = sockets::kAllDetails;
    query.holders = query.cgroups = options_.columns.owners();
  }
  if (const auto column = options_.order.sort_column(); column && *column != nullptr) add_column_need(query, **column);
}

sockets::StateSet SocketsCommand::usual_states() const {
  return options_.order.summary() || options_.time.events() ? kAllStates : kUsualStates;
}

// None: the own one.
Result<std::vector<sockets::NetworkNamespace>> SocketsCommand::select_places(Context& context) const {
  if (netns_.empty()) return std::vector<sockets::NetworkNamespace>();
  TCP_TRY_ASSIGN(found, sockets::select_network_namespaces(netns_));
  if (found.forbidden > 0) {
    context.note("tcpbox: the network namespaces of " + std::to_string(found.forbidden) +
                 (found.forbidden == 1 ? " process need root" : " processes need root"));
  }
  return std::move(found.namespaces);
}

Result<ExitCode> SocketsCommand::run(Context& context) {
  options_.output.apply(context);
  if (options_.columns.asks_for_list()) {
    show_columns(context.out);
    return ExitCode::done;
  }
  TCP_TRY_ASSIGN(places, select_places(context));
  options_.selection.look_for_interfaces_in(places);
  TCP_TRY_ASSIGN(query, options_.selection.make_query(usual_states()));
  if (options_.explain) {
    show_explanation(context, options_.output.format(), query.filter, options_.run_record(context));
    return ExitCode::done;
  }
  add_needs(query);
  if (options_.time.events()) TCP_TRY(check_event_filter(query.filter));
  if (options_.time.events()) return tell_socket_events(context, options_, query);
  SocketsPass pass(query, std::move(places));
  if (options_.kill) return kill_sockets(context, options_, pass);
  return options_.time.watch() ? watch_sockets(context, options_, pass) : list_sockets(context, options_, pass);
}

}  // namespace

std::unique_ptr<Command> make_sockets_command() { return std::make_unique<SocketsCommand>(); }

}  // namespace tcp::cmd
