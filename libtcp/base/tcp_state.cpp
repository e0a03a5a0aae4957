// SPDX-License-Identifier: MIT
#include "libtcp/base/tcp_state.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace tcp {
namespace {

struct StateName {
  TcpState state;
  std::string_view name;
};

// RFC 9293's name comes first for each state; the rest are other tools' spellings.
constexpr std::array kNames{
    StateName{TcpState::established, "ESTABLISHED"},
    StateName{TcpState::syn_sent, "SYN-SENT"},
    StateName{TcpState::syn_received, "SYN-RECEIVED"},
    StateName{TcpState::fin_wait_1, "FIN-WAIT-1"},
    StateName{TcpState::fin_wait_2, "FIN-WAIT-2"},
    StateName{TcpState::time_wait, "TIME-WAIT"},
    StateName{TcpState::closed, "CLOSED"},
    StateName{TcpState::close_wait, "CLOSE-WAIT"},
    StateName{TcpState::last_ack, "LAST-ACK"},
    StateName{TcpState::listen, "LISTEN"},
    StateName{TcpState::closing, "CLOSING"},
    StateName{TcpState::new_syn_received, "SYN-RECEIVED"},
    StateName{TcpState::bound_inactive, "BOUND-INACTIVE"},
    StateName{TcpState::established, "ESTAB"},
    StateName{TcpState::syn_received, "SYN-RECV"},
    StateName{TcpState::closed, "CLOSE"},
    StateName{TcpState::closed, "UNCONN"},
    StateName{TcpState::listen, "LISTENING"},
};

}  // namespace

std::string_view to_string(TcpState state) {
  const auto row = std::ranges::find(kNames, state, &StateName::state);
  return row == kNames.end() ? "UNKNOWN" : row->name;
}

std::optional<TcpState> parse_tcp_state(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) c = c == '_' ? '-' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto row = std::ranges::find(kNames, folded, &StateName::name);
  if (row == kNames.end()) return std::nullopt;
  return row->state;
}

}  // namespace tcp
