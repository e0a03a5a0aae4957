// SPDX-License-Identifier: MIT
// --events: what happens to sockets, as it happens.
#include <algorithm>
#include <chrono>

#include "cmd/interrupt.hpp"
#include "cmd/sockets_options.hpp"
#include "libtcp/sockets/events.hpp"

namespace tcp::cmd {
namespace {

using sockets::SocketEvent;

constexpr Duration kLongestWait = std::chrono::milliseconds(200);

WallTime wall_time(const SocketEvent& event, const Clock& clock) {
  return clock.wall_now() - std::min<Duration>(clock.now() - event.at, std::chrono::hours(1));
}

// A filter is asked about a socket: of a change only the ends and the state are known.
sockets::SocketInfo socket_of(const SocketEvent& event) {
  if (event.totals) return *event.totals;
  sockets::SocketInfo socket;
  socket.state = event.new_state;
  socket.local = event.ends.local;
  socket.remote = event.ends.remote;
  return socket;
}

Record to_record(const SocketEvent& event, const Clock& clock) {
  const bool remote = event.ends.remote.port != 0 || !event.ends.remote.address.is_any();
  const auto total = [&](std::string_view name) {
    return event.totals ? event.totals->tcp_info.get(name) : std::nullopt;
  };
  Record record("event");
  record.add("event", to_string(event.kind));
  record.add("time", to_rfc3339(wall_time(event, clock)));
  record.add("old_state", event.old_state ? Value(to_string(*event.old_state)) : Value(nullptr));
  record.add("new_state", to_string(event.new_state));
  record.add("local_address", to_string(event.ends.local.address));
  record.add("local_port", event.ends.local.port);
  record.add("remote_address", remote ? Value(to_string(event.ends.remote.address)) : Value(nullptr));
  record.add("remote_port", remote ? Value(event.ends.remote.port) : Value(nullptr));
  record.add("user_id", event.totals ? Value(event.totals->user_id) : Value(nullptr));
  record.add("cookie", event.totals ? Value(event.totals->cookie) : Value(nullptr));
  record.add("bytes_sent", total("bytes_sent"));
  record.add("bytes_received", total("bytes_received"));
  record.add("total_retrans_segments", total("total_retrans"));
  return record.add("rtt_us", total("rtt"));
}

void append_totals(std::string& line, const sockets::TcpInfo& info, bool human) {
  struct Total {
    std::string_view name;
    std::string_view word;
    Unit unit;
  };
  constexpr Total kTotals[] = {{"bytes_sent", "sent", Unit::bytes},
                               {"bytes_received", "received", Unit::bytes},
                               {"total_retrans", "retransmitted", Unit::segments},
                               {"rtt", "rtt", Unit::microseconds}};
  for (const Total& total : kTotals) {
    const auto value = info.get(total.name);
    if (!value || (*value == 0 && total.unit != Unit::bytes)) continue;
    line.append("  ").append(total.word).append(human ? "" : key_suffix(total.unit)).append(" ");
    human ? append_human(line, *value, total.unit) : append_number(line, *value);
  }
}

// "14:05:09.123456  closed         ESTABLISHED > CLOSED  127.0.0.1:80 - 127.0.0.1:5001  sent 1.2 KiB"
std::string to_text(const SocketEvent& event, const Clock& clock, const Terminal& terminal) {
  std::string line = to_rfc3339(wall_time(event, clock)).substr(11, 15) + "  ";
  std::string kind(to_string(event.kind));
  kind.resize(std::max<std::size_t>(kind.size(), 13), ' ');
  std::string states = event.old_state ? std::string(to_string(*event.old_state)) + " > " : "";
  states += to_string(event.new_state);
  line += kind + "  " + states + "  " + to_string(event.ends.local);
  const bool remote = event.ends.remote.port != 0 || !event.ends.remote.address.is_any();
  if (remote) line += " - " + to_string(event.ends.remote);
  if (event.totals) append_totals(line, event.totals->tcp_info, terminal.is_terminal);
  return terminal.is_terminal ? wrap(line, terminal.width, 4) : line;
}

class Telling {
 public:
  Telling(Context& context, const SocketsOptions& options, const sockets::Query& query, sockets::SocketEvents& events)
      : context_(context), options_(options), query_(query), events_(events), names_(options.selection.numeric()) {}

  Result<ExitCode> run() {
    for (const std::string& limit : events_.sources().limits) context_.note("tcpbox: " + limit);
    std::unique_ptr<SocketsView> view;
    if (!options_.is_text()) {
      view = options_.make_view(context_, names_);
      view->start(options_.run_record(context_));
    }
    const Interrupt interrupt;
    while (!interrupt.flag() && !context_.out.failed()) {
      TCP_TRY_ASSIGN(event, events_.next(context_.clock.now() + kLongestWait));
      if (event && matches(*event)) tell(*event, view.get());
      // A reader that has gone is noticed when something is written; until then nothing is lost.
    }
    if (view) view->summary(summary());
    context_.out.flush();
    interrupt.raise_again();
    return ExitCode::done;
  }

 private:
  [[nodiscard]] bool matches(const SocketEvent& event) const {
    const bool state = (query_.states & sockets::state_bit(event.new_state)) != 0 ||
                       (event.old_state && (query_.states & sockets::state_bit(*event.old_state)) != 0);
    if (!state) return false;
    const sockets::SocketInfo socket = socket_of(event);
    return query_.filter.matches({&socket, {}, {}, {}, {}});
  }

  void tell(const SocketEvent& event, SocketsView* view) {
    ++told_;
    if (view != nullptr) {
      view->result(to_record(event, context_.clock));
    } else {
      context_.out.line(to_text(event, context_.clock, context_.out.terminal()));
    }
  }

  [[nodiscard]] Record summary() const {
    List limits;
    for (const std::string& limit : events_.sources().limits) limits.emplace_back(limit);
    const auto losses = events_.losses();
    Record summary("summary");
    summary.add("complete", false);  // it ends because it was told to
    summary.add("results", told_);
    summary.add("lost_changes", losses.changes);
    summary.add("lost_closes", losses.close_overruns);
    return summary.add("limits", std::move(limits));
  }

  Context& context_;
  const SocketsOptions& options_;
  const sockets::Query& query_;
  sockets::SocketEvents& events_;
  SocketNames names_;
  std::uint64_t told_ = 0;
};

}  // namespace

Result<ExitCode> tell_socket_events(Context& context, const SocketsOptions& options, const sockets::Query& query) {
  sockets::EventOptions what;
  what.family = query.family;
  TCP_TRY_ASSIGN(events, sockets::SocketEvents::open(context.clock, what));
  return Telling(context, options, query, events).run();
}

}  // namespace tcp::cmd
