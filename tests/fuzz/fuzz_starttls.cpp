// SPDX-License-Identifier: MIT
// The dialogues of STARTTLS: whatever a server sends, however it is cut, they end the same way and within bounds. The
// first byte is the protocol, the second how the rest is cut; 0x1e ends what the server says at once.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/stream/starttls.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tcp::stream;
using tcp::fuzz::require;

constexpr unsigned kProtocols = 10;
constexpr char kTurn = '\x1e';
constexpr std::size_t kMostSaid = 1024;  // bytes; no dialogue says much

struct End {
  StartTlsState state;
  std::string said;
  std::string reason;
};

void check(const StartTlsDialogue& dialogue, const std::string& said) {
  const bool has_failed = dialogue.state() == StartTlsState::refused || dialogue.state() == StartTlsState::malformed;
  require(has_failed == !dialogue.reason().empty());
  require(!has_failed || said.empty());
  require(!dialogue.step().empty());
  require(dialogue.reason().size() < kMostSaid);
}

std::vector<std::string> split_into_turns(std::string_view bytes) {
  std::vector<std::string> turns(1);
  for (const char c : bytes) {
    if (c == kTurn) {
      turns.emplace_back();
    } else {
      turns.back() += c;
    }
  }
  return turns;
}

std::vector<std::string> cut_into_pieces(const std::vector<std::string>& turns, std::size_t piece) {
  std::vector<std::string> pieces;
  for (const std::string& turn : turns) {
    for (std::size_t at = 0; at < turn.size(); at += piece) pieces.push_back(turn.substr(at, piece));
  }
  return pieces;
}

End converse(StartTls protocol, const std::vector<std::string>& parts) {
  const auto dialogue = make_starttls_dialogue(protocol, {"[192.0.2.1]", "example.org"});
  End end{StartTlsState::talking, dialogue->take_output(), {}};
  std::size_t fed = 0;
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    fed += part.size();
    const bool was_over = dialogue->state() != StartTlsState::talking;
    dialogue->receive(part);
    require(!was_over || dialogue->state() != StartTlsState::talking);
    require(!was_over || dialogue->state() != StartTlsState::ready);  // a byte after its end
    require(dialogue->state() != StartTlsState::talking || fed <= kMostStartTlsBytes);
    const std::string said = dialogue->take_output();
    check(*dialogue, said);
    end.said += said;
    require(end.said.size() < kMostSaid);
  }
  end.state = dialogue->state();
  end.reason = dialogue->reason();
  return end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto protocol = static_cast<StartTls>(data[0] % kProtocols);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::vector<std::string> turns = split_into_turns(bytes);
  const End whole = converse(protocol, turns);
  const End cut = converse(protocol, cut_into_pieces(turns, std::size_t(data[1]) + 1));
  // One piece says no less than it would in several, unless it came before it was asked for.
  if (whole.state == StartTlsState::ready) require(cut.state == StartTlsState::ready && cut.said == whole.said);
  if (whole.state == StartTlsState::refused) require(cut.state == StartTlsState::refused);
  return 0;
}
