// SPDX-License-Identifier: MIT
#include "cmd/sockets_summary.hpp"

#include <numeric>

#include "cmd/output/table.hpp"
#include "libtcp/base/tcp_state.hpp"
#include "libtcp/sockets/counters.hpp"

namespace tcp::cmd {
namespace {

// As a connection goes through them.
constexpr std::array kOrder{TcpState::listen,     TcpState::syn_sent,   TcpState::syn_received, TcpState::established,
                            TcpState::fin_wait_1, TcpState::fin_wait_2, TcpState::closing,      TcpState::time_wait,
                            TcpState::close_wait, TcpState::last_ack,   TcpState::closed};

Value counter_record(const sockets::Counter& counter, std::optional<std::uint64_t> value) {
  Record record;
  record.add("counter", counter.key);
  record.add("value", value);
  record.add("kind", counter.kind == sockets::CounterKind::gauge ? "now" : "total");
  record.add("whole_host", counter.whole_host);
  record.add("kernel_name", counter.kernel_name);
  return record.add("description", counter.description);
}

// What has never happened is passed over.
std::string trouble_text(const Record& counts, const Terminal& terminal) {
  Table table({{"COUNT", true}, {"SINCE THE NETWORK NAMESPACE BEGAN", false, true}});
  for (const Value& value : *counts["counters"].list()) {
    const Record& counter = *value.record();
    const std::string number = counter["value"].text();
    const bool shown = counter["kind"].text() == "total" && !counter["value"].is_null() && number != "0";
    if (shown) table.add_row({number, counter["description"].text()});
  }
  return table.empty() ? "" : "\n" + table.render(terminal);
}

}  // namespace

Record StateCounts::to_record(std::span<const std::optional<std::uint64_t>> values) const {
  List states;
  for (const TcpState state : kOrder) {
    const auto index = static_cast<std::size_t>(state);
    states.emplace_back(Record().add("state", to_string(state)).add("sockets", counts_[index]));
  }
  Record record("counts");
  record.add("sockets", std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}));
  record.add("states", std::move(states));
  List counters;
  for (std::size_t i = 0; i < values.size() && i < sockets::kCounters; ++i) {
    counters.emplace_back(counter_record(sockets::counters()[i], values[i]));
  }
  return record.add("counters", std::move(counters));
}

std::string StateCounts::to_text(const Record& counts, const Terminal& terminal) {
  Table table({{"STATE"}, {"SOCKETS", true}});
  for (const Value& value : *counts["states"].list()) {
    const Record& state = *value.record();
    table.add_row({state["state"].text(), state["sockets"].text()});
  }
  table.add_row({"together", counts["sockets"].text()});
  return table.render(terminal) + trouble_text(counts, terminal);
}

}  // namespace tcp::cmd
