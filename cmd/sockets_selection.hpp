// SPDX-License-Identifier: MIT
// Which sockets: the states, the family, the filter.
#pragma once

#include <string>
#include <vector>

#include "cmd/options.hpp"
#include "cmd/sockets_states.hpp"
#include "libtcp/sockets/namespaces.hpp"
#include "libtcp/sockets/query.hpp"

namespace tcp::cmd {

inline constexpr sockets::StateSet kUsualStates =
    sockets::state_bit(TcpState::listen) | sockets::state_bit(TcpState::established);

class SelectionOptions {
 public:
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
  // `usual`: the states when neither options nor the filter name any. Resolves the names in the filter.
  // Errors: as Filter::parse(), a name that must not be resolved (--numeric).
  [[nodiscard]] Result<sockets::Query> make_query(sockets::StateSet usual) const;
  // Where the interfaces are that a filter names; at first the own network namespace.
  void look_for_interfaces_in(std::vector<sockets::NetworkNamespace> places) { places_ = std::move(places); }
  [[nodiscard]] Result<sockets::Filter> parse_filter(const std::string& text) const;
  // The words, joined.
  [[nodiscard]] std::string filter_text() const;

  [[nodiscard]] bool numeric() const noexcept { return addresses_.numeric; }
  // Nothing but listeners was asked for.
  [[nodiscard]] bool listeners_only() const noexcept { return states_ == sockets::state_bit(TcpState::listen); }

 private:
  std::vector<std::string> words_;
  std::vector<std::string> state_words_;
  bool listening_ = false;
  bool all_ = false;
  bool bound_inactive_ = false;
  bool mptcp_ = false;
  AddressOptions addresses_;
  sockets::StateSet states_ = 0;  // 0: none were named
  std::vector<sockets::NetworkNamespace> places_;
};

}  // namespace tcp::cmd
