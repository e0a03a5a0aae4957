// SPDX-License-Identifier: MIT
// Which sockets: the states, the family, the filter.
#pragma once

#include <string>
#include <vector>

#include "cmd/options.hpp"
#include "cmd/sockets_states.hpp"
#include "libtcp/sockets/query.hpp"

namespace tcp::cmd {

class SelectionOptions {
 public:
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
  // Resolves the names in the filter. Errors: as Filter::parse(), a name that must not be resolved (--numeric).
  [[nodiscard]] Result<sockets::Query> make_query() const;

  [[nodiscard]] bool numeric() const noexcept { return addresses_.numeric; }
  // Nothing but listeners was asked for.
  [[nodiscard]] bool listeners_only() const noexcept { return states_ == sockets::state_bit(TcpState::listen); }
  [[nodiscard]] bool has_filter() const noexcept { return !words_.empty(); }

 private:
  std::vector<std::string> words_;
  std::vector<std::string> state_words_;
  bool listening_ = false;
  bool all_ = false;
  bool bound_inactive_ = false;
  bool mptcp_ = false;
  AddressOptions addresses_;
  sockets::StateSet states_ = 0;  // 0: none were named
};

}  // namespace tcp::cmd
