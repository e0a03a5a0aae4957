// SPDX-License-Identifier: MIT
#include "cmd/sockets_selection.hpp"

#include <CLI/CLI.hpp>

namespace tcp::cmd {
namespace {

using sockets::state_bit;

constexpr sockets::StateSet kUsual = state_bit(TcpState::listen) | state_bit(TcpState::established);

Result<std::vector<IpAddress>> refuse_name(const std::string& host) {
  return make_error(Errc::invalid_input, "host '" + host + "'", "names are not resolved with --numeric");
}

}  // namespace

void SelectionOptions::define(CLI::App& app) {
  constexpr const char* kGroup = "Selection";
  app.add_option("FILTER", words_,
                 "Sockets of which this is true: :443, nginx, 10.0.0.0/8, or an expression such as dport = :443 and "
                 "rtt > 50ms");
  app.add_flag("-l,--listening", listening_, "Sockets that wait for connections")->group(kGroup);
  app.add_flag("-a,--all", all_, "Sockets in any state")->group(kGroup);
  app.add_option("--state", state_words_,
                 "Sockets in STATE: established, time-wait, …, or a group: all, connected, "
                 "synchronized, bucket, big; several with commas")
      ->type_name("STATE")
      ->expected(1)
      ->allow_extra_args(false)
      ->group(kGroup);
  app.add_flag("--bound-inactive", bound_inactive_, "Sockets that are bound and do nothing yet")->group(kGroup);
  app.add_flag("--mptcp", mptcp_, "Multipath TCP connections instead")->group(kGroup);
  addresses_.define(app);
}

Result<void> SelectionOptions::settle() {
  TCP_TRY(addresses_.settle());
  auto states = parse_state_words(state_words_);
  if (!states) return in_option("--state", std::move(states).error());
  states_ = *states;
  if (listening_) states_ |= state_bit(TcpState::listen);
  if (bound_inactive_) states_ |= state_bit(TcpState::bound_inactive);
  if (all_) states_ |= kAllStates;
  return {};
}

Result<sockets::Query> SelectionOptions::make_query() const {
  std::string text;
  for (const std::string& word : words_) text += (text.empty() ? "" : " ") + word;
  sockets::FilterNames names = sockets::system_filter_names();
  if (addresses_.numeric) names.addresses = refuse_name;
  Result<sockets::Query> query;
  if (!words_.empty()) {
    TCP_TRY_ASSIGN(filter, sockets::Filter::parse(text, names));
    query->filter = filter;
  }
  // A state that the filter names is asked for, as in ss.
  const bool filter_decides = (query->filter.states() & kAllStates) != kAllStates;
  query->states = states_ != 0 ? states_ : filter_decides ? query->filter.states() & kAllStates : kUsual;
  query->family = addresses_.family();
  query->mptcp = mptcp_;
  return query;
}

}  // namespace tcp::cmd
