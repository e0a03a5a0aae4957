// SPDX-License-Identifier: MIT
// Requests to a SOCKS server: the pieces that they come in change nothing, they are bounded, and no byte behind them is
// lost.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/stream/proxy_server.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tcp;
using namespace tcp::stream;
using tcp::fuzz::require;
using State = ProxyServerTurn::State;

constexpr std::size_t kMostRequest = 2048;  // all messages of one dialogue

struct Heard {
  State state = State::more;
  std::size_t taken = 0;
  std::string said;
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const Heard&) const = default;
};

Heard hear(const ProxyAuthentication* authentication, std::string_view bytes, std::size_t at_a_time) {
  const auto server = make_socks_server(authentication);
  Heard heard;
  while (heard.taken < bytes.size() && heard.state == State::more) {
    const std::string_view piece = bytes.substr(heard.taken, at_a_time);
    ProxyServerTurn turn = server->receive(piece, MonotonicTime());
    require(turn.taken <= piece.size() && turn.taken > 0);
    heard.taken += turn.taken;
    heard.state = turn.state;
    heard.said += turn.output;
  }
  require(heard.taken <= kMostRequest);
  const ProxyRequest& request = server->request();
  heard.host = request.target.host;
  heard.port = request.target.port;
  if (heard.state == State::requested) {
    require(!heard.host.empty() && heard.host.size() <= 255);
    require(request.command == ProxyCommand::bind || heard.port != 0);
    require(!server->granted(Endpoint{IpAddress::loopback(Family::v6), 1}).bytes.empty());
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const ProxyAuthentication kAuthentication({"me", "secret"}, "seal");
  for (const ProxyAuthentication* each : {static_cast<const ProxyAuthentication*>(nullptr), &kAuthentication}) {
    require(hear(each, bytes, SIZE_MAX) == hear(each, bytes, 1));
  }
  return 0;
}
