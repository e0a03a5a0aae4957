// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>

#include "libtcp/base/tcp_state.hpp"
#include "libtcp/sockets/filter_lexer.hpp"
#include "libtcp/sockets/filter_terms.hpp"

namespace tcp::sockets {
namespace {

constexpr StateSet kUnconnected =
    state_bit(TcpState::closed) | state_bit(TcpState::listen) | state_bit(TcpState::bound_inactive);
// What the kernel keeps in a smaller form than a socket.
constexpr StateSet kBucket =
    state_bit(TcpState::syn_received) | state_bit(TcpState::new_syn_received) | state_bit(TcpState::time_wait);

struct Group {
  std::string_view name;
  StateSet states;
};
constexpr std::array kGroups{
    Group{"all", kEveryState},
    Group{"connected", kEveryState & ~kUnconnected},
    Group{"synchronized", kEveryState & ~(kUnconnected | state_bit(TcpState::syn_sent))},
    Group{"bucket", kBucket},
    Group{"big", kEveryState & ~kBucket},
    Group{"syn-rcv", state_bit(TcpState::syn_received) | state_bit(TcpState::new_syn_received)},
    Group{"unconnected", state_bit(TcpState::closed)},
};

[[nodiscard]] std::optional<StateSet> find_states(std::string_view word) {
  std::string folded(word);
  for (char& c : folded) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto* group = std::ranges::find(kGroups, folded, &Group::name);
  if (group != kGroups.end()) return group->states;
  const auto state = parse_tcp_state(folded);
  if (!state) return std::nullopt;
  // A request that is not accepted yet has a number of its own within the kernel, and is told as SYN-RECEIVED.
  if (*state == TcpState::syn_received) return state_bit(*state) | state_bit(TcpState::new_syn_received);
  return state_bit(*state);
}

}  // namespace

bool is_state_word(std::string_view text) { return find_states(text).has_value(); }

Result<StateSet> parse_states(std::string_view text) {
  StateSet states = 0;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    const auto found = find_states(word);
    if (!found) {
      return filter_error(word,
                          "is no state: listen, syn-sent, syn-received, established, fin-wait-1, fin-wait-2, "
                          "close-wait, closing, last-ack, time-wait, closed, bound-inactive, or all, connected, "
                          "synchronized, bucket, big");
    }
    states |= *found;
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
  return states;
}

}  // namespace tcp::sockets
