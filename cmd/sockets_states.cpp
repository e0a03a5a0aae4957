// SPDX-License-Identifier: MIT
#include "cmd/sockets_states.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "cmd/command.hpp"

namespace tcp::cmd {
namespace {

using sockets::state_bit;
using sockets::StateSet;

constexpr StateSet kBucket =
    state_bit(TcpState::syn_received) | state_bit(TcpState::new_syn_received) | state_bit(TcpState::time_wait);
constexpr StateSet kConnected =
    kAllStates & ~(state_bit(TcpState::listen) | state_bit(TcpState::closed) | state_bit(TcpState::bound_inactive));

struct Group {
  std::string_view name;
  StateSet states;
};
constexpr std::array kGroups{
    Group{"all", kAllStates},
    Group{"connected", kConnected},
    Group{"synchronized", kConnected & ~state_bit(TcpState::syn_sent)},
    Group{"bucket", kBucket},
    Group{"big", kAllStates & ~kBucket},
};

std::string folded(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

std::string what_is_meant(std::string_view word) {
  constexpr std::array<std::string_view, 17> kKnown{
      "established", "syn-sent",   "syn-received", "fin-wait-1", "fin-wait-2", "time-wait",
      "closed",      "close-wait", "last-ack",     "listen",     "closing",    "bound-inactive",
      "all",         "connected",  "synchronized", "bucket",     "big"};
  const std::string_view meant = did_you_mean(word, kKnown);
  if (!meant.empty()) return "unknown; did you mean '" + std::string(meant) + "'?";
  return "must be a state (established, time-wait, …) or all, connected, synchronized, bucket or big";
}

}  // namespace

Result<StateSet> parse_state_word(std::string_view word) {
  const std::string lower = folded(word);
  const auto* group = std::ranges::find(kGroups, lower, &Group::name);
  if (group != kGroups.end()) return group->states;
  if (const auto state = parse_tcp_state(lower)) return state_bit(*state);
  return make_error(Errc::invalid_input, "state '" + std::string(word) + "'", what_is_meant(lower));
}

Result<StateSet> parse_state_words(const std::vector<std::string>& words) {
  StateSet states = 0;
  for (std::string_view list : words) {
    for (bool more = true; more;) {
      const auto comma = list.find(',');
      TCP_TRY_ASSIGN(some, parse_state_word(list.substr(0, comma)));
      states |= some;
      more = comma != std::string_view::npos;
      if (more) list.remove_prefix(comma + 1);
    }
  }
  return states;
}

}  // namespace tcp::cmd
