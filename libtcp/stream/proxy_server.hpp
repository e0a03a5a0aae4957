// SPDX-License-Identifier: MIT
// A proxy server's side of what is said until it is known where a client wants to go, without I/O: bytes in, bytes out.
// Every byte that comes is hostile: no request is kept beyond a bound, and what follows it is payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/proxy_authentication.hpp"
#include "libtcp/stream/target.hpp"

namespace tcp::stream {

enum class ProxyServerKind : std::uint8_t {
  http,   // CONNECT, and requests with an absolute URI (RFC 9110, RFC 9112)
  socks,  // SOCKS4, SOCKS4a and SOCKS5 (RFC 1928, RFC 1929), by the first byte
};

enum class ProxyCommand : std::uint8_t {
  connect,
  bind,     // SOCKS: wait for a connection from the target
  forward,  // HTTP: pass on one request after another
};

struct ProxyRequest {
  ProxyCommand command = ProxyCommand::connect;
  std::string_view protocol;  // "http", "socks4", "socks4a", "socks5"
  std::string method;         // "CONNECT", "BIND", "GET"
  HostTarget target;
  std::optional<std::string> user;  // who the client says it is; with SOCKS4 nobody has checked that
};

// Why a request is not granted: each protocol has a number for it.
enum class ProxyRefusal : std::uint8_t {
  malformed,
  too_large,
  too_slow,
  unauthorized,
  not_allowed,          // the access list of targets
  unsupported_command,  //
  unsupported_address,
  refused,  // by the target
  host_unreachable,
  network_unreachable,
  timed_out,  // on the way to the target
  failed,
};

[[nodiscard]] ProxyRefusal refusal_of(const Error& error);

struct ProxyServerTurn {
  enum class State : std::uint8_t {
    more,       // wait for more
    requested,  // request() is known
    refused,    // by `refusal`, because of `why`; `output` says it, if anything
  };
  State state = State::more;
  std::size_t taken = 0;  // of the bytes; what follows is payload
  std::string output{};   // to the client, before all else
  ProxyRefusal refusal = ProxyRefusal::malformed;
  std::string why{};  // one line
  unsigned code = 0;  // that `output` says
};

// What is said to a client last.
struct ProxyReply {
  std::string bytes;
  unsigned code = 0;  // an HTTP status, or a reply code of SOCKS
};

class ProxyServerDialogue {
 public:
  virtual ~ProxyServerDialogue() = default;
  // What came, in any pieces. Not after a turn that was not `more`, until HTTP's next request has begun.
  [[nodiscard]] virtual ProxyServerTurn receive(std::string_view bytes, MonotonicTime now) = 0;
  [[nodiscard]] virtual const ProxyRequest& request() const noexcept = 0;
  // The tunnel stands, or somebody is waited for; `here` is our end of it, or where we wait.
  [[nodiscard]] virtual ProxyReply granted(const Endpoint& here) const = 0;
  [[nodiscard]] virtual ProxyReply refused(ProxyRefusal refusal, std::string_view why) const = 0;
};

// `authentication`: null: everybody is served; borrowed, as long as the dialogue lives.
[[nodiscard]] std::unique_ptr<ProxyServerDialogue> make_proxy_server(ProxyServerKind kind,
                                                                     const ProxyAuthentication* authentication);
[[nodiscard]] std::unique_ptr<ProxyServerDialogue> make_socks_server(const ProxyAuthentication* authentication);

}  // namespace tcp::stream
