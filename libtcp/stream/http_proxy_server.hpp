// SPDX-License-Identifier: MIT
// The head of a request to an HTTP proxy (RFC 9110 §7.6, §9.3.6, §11.7; RFC 9112 §3.2), without I/O.
#pragma once

#include <string>

#include "libtcp/stream/http_message.hpp"
#include "libtcp/stream/proxy_server.hpp"

namespace tcp::stream {

class HttpProxyServer final : public ProxyServerDialogue {
 public:
  explicit HttpProxyServer(const ProxyAuthentication* authentication) : authentication_(authentication) {}

  ProxyServerTurn receive(std::string_view bytes, MonotonicTime now) override;
  const ProxyRequest& request() const noexcept override { return request_; }
  ProxyReply granted(const Endpoint& here) const override;
  ProxyReply refused(ProxyRefusal refusal, std::string_view why) const override;

  // Of a request to be forwarded: its head in origin-form without what is only for us, as it goes to the target.
  [[nodiscard]] const std::string& origin_head() const noexcept { return origin_head_; }
  [[nodiscard]] const HttpBodyEnd& body() const noexcept { return body_; }
  // The client may send another one afterwards.
  [[nodiscard]] bool keeps_open() const noexcept { return keeps_open_; }
  // The next request on the same connection.
  void begin_next();

 private:
  [[nodiscard]] ProxyServerTurn judge(std::string_view text, MonotonicTime now);
  [[nodiscard]] ProxyServerTurn refuse(ProxyRefusal refusal, std::string why) const;
  [[nodiscard]] std::optional<ProxyServerTurn> authenticate(const HttpRequestHead& head, MonotonicTime now);
  [[nodiscard]] ProxyServerTurn challenge(const HttpRequestHead& head, bool is_stale, MonotonicTime now);
  [[nodiscard]] std::optional<ProxyServerTurn> take_connect(const HttpRequestHead& head);
  [[nodiscard]] std::optional<ProxyServerTurn> take_forward(const HttpRequestHead& head);

  const ProxyAuthentication* authentication_;
  std::string head_;
  HttpHeadEnd end_;
  ProxyRequest request_{};
  std::string origin_head_;
  HttpBodyEnd body_;
  bool keeps_open_ = false;
  unsigned challenges_ = 0;
};

// The head of a target's response as it goes to a client: without what is only for us. `keeps_open`: the connection
// with the client lasts.
[[nodiscard]] std::string response_for_client(const HttpResponseHead& head, bool keeps_open);

// "http://[USER@]HOST[:PORT]/PATH?QUERY" in parts.
struct HttpUri {
  HostTarget host;
  std::string authority;  // of the Host field
  std::string path;       // origin-form
};
// Errors: another scheme, no host, a port that is none.
[[nodiscard]] Result<HttpUri> parse_http_uri(std::string_view uri);

// "HOST:PORT" (RFC 9112 §3.2.3).
[[nodiscard]] Result<HostTarget> parse_http_authority(std::string_view text, std::optional<std::uint16_t> default_port);

}  // namespace tcp::stream
