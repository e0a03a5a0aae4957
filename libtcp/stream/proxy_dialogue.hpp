// SPDX-License-Identifier: MIT
// What is said to a proxy until a tunnel stands, without I/O: bytes in, bytes out. Every byte that comes is hostile: no
// answer is kept beyond a bound, and what follows a good answer is payload.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/proxy.hpp"
#include "libtcp/stream/proxy_authorization.hpp"

namespace tcp::stream {

// Of an answer of HTTP, all header lines together.
inline constexpr std::size_t kMostProxyAnswerBytes = std::size_t{64} * 1024;

struct ProxyTurn {
  enum class State : std::uint8_t {
    more,        // send `output`, wait for more
    open,        // the tunnel stands; `payload` came with the answer
    challenged,  // begin again on a new connection: the authorization knows how now
    failed,      // `error`, whose attempt is the caller's to add
  };
  State state = State::more;
  std::string output{};
  std::string payload{};
  Error error{};
};

class ProxyDialogue {
 public:
  virtual ~ProxyDialogue() = default;
  // What is said first. Errors: a build that cannot.
  [[nodiscard]] virtual Result<std::string> begin() = 0;
  // What came, in any pieces. Not after a turn that was not `more`.
  [[nodiscard]] virtual ProxyTurn receive(std::string_view bytes) = 0;
};

// `target` is where the tunnel leads to: an address where names are resolved here. `authorization`, kept from
// connection to connection, must outlive the dialogue. Errors: a target that the protocol cannot name.
[[nodiscard]] Result<std::unique_ptr<ProxyDialogue>> make_proxy_dialogue(const Proxy& proxy, const HostTarget& target,
                                                                         ProxyAuthorization& authorization);

// Of one kind each.
[[nodiscard]] std::unique_ptr<ProxyDialogue> make_socks4_dialogue(const Proxy& proxy, const HostTarget& target);
[[nodiscard]] std::unique_ptr<ProxyDialogue> make_socks5_dialogue(const Proxy& proxy, const HostTarget& target);
[[nodiscard]] std::unique_ptr<ProxyDialogue> make_http_dialogue(const HostTarget& target,
                                                                ProxyAuthorization& authorization);

// How a turn fails.
[[nodiscard]] ProxyTurn proxy_failure(std::error_code code, std::string why);

}  // namespace tcp::stream
