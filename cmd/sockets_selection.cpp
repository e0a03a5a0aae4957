// SPDX-License-Identifier: MIT
#include "cmd/sockets_selection.hpp"

#include <CLI/CLI.hpp>

namespace tcp::cmd {
namespace {

using sockets::state_bit;

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

std::string SelectionOptions::filter_text() const {
  std::string text;
  for (const std::string& word : words_) text += (text.empty() ? "" : " ") + word;
  return text;
}

Result<sockets::Filter> SelectionOptions::parse_filter(const std::string& text) const {
  if (text.find_first_not_of(' ') == std::string::npos) return sockets::Filter();
  sockets::FilterNames names = sockets::system_filter_names();
  if (addresses_.numeric) names.addresses = refuse_name;
  if (!places_.empty()) {
    names.interface_index = [this](const std::string& name) { return sockets::interface_index_in(places_, name); };
  }
  return sockets::Filter::parse(text, names);
}

Result<sockets::Query> SelectionOptions::make_query(sockets::StateSet usual) const {
  TCP_TRY_ASSIGN(filter, parse_filter(filter_text()));
  Result<sockets::Query> query;
  query->filter = filter;
  // A state that the filter names is asked for, as in ss.
  query->states = states_ != 0 ? states_ : filter.names_states() ? filter.states() & kAllStates : usual;
  query->family = addresses_.family();
  query->mptcp = mptcp_;
  return query;
}

}  // namespace tcp::cmd
