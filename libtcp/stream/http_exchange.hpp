// SPDX-License-Identifier: MIT
// Requests that an HTTP proxy passes on, one after another: each goes to its target, and the response comes back, while
// bodies stream both ways. The connection with a target is used again for the next request to it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/stream/channel_deadline.hpp"
#include "libtcp/stream/http_proxy_server.hpp"
#include "libtcp/stream/proxy_guest.hpp"

namespace tcp::stream {

class HttpExchange {
 public:
  // The references must outlive it.
  HttpExchange(const ProxyRoutes& routes, ProxyGuest& guest) : routes_(routes), guest_(guest), sent_(routes.executor) {}

  // The request that the guest's dialogue knows. False: the conversation is over and closed; otherwise the guest may
  // have another one.
  [[nodiscard]] Awaitable<bool> run();

 private:
  enum class End : std::uint8_t { answered, lost_client, lost_target, nothing_came };

  [[nodiscard]] HttpProxyServer& dialogue() noexcept { return static_cast<HttpProxyServer&>(guest_.dialogue()); }
  [[nodiscard]] Awaitable<Result<void>> connect();
  [[nodiscard]] Awaitable<End> exchange();
  [[nodiscard]] Awaitable<void> send_request();
  [[nodiscard]] Awaitable<std::error_code> send_body();
  [[nodiscard]] Awaitable<End> receive_response();
  [[nodiscard]] Awaitable<Result<std::string>> receive_head();
  [[nodiscard]] Awaitable<End> pass_body();
  [[nodiscard]] Awaitable<bool> settle(End end);
  [[nodiscard]] Awaitable<IoResult> receive_from_target();
  [[nodiscard]] Awaitable<std::error_code> send_to_client(std::string_view bytes);
  void note_failure(Error error);

  const ProxyRoutes& routes_;
  ProxyGuest& guest_;
  std::unique_ptr<Channel> target_;
  HostTarget target_name_;
  std::vector<std::byte> buffer_;                // for what the target says
  std::string ahead_;                            // of that, not passed on
  std::optional<ChannelDeadline> target_limit_;  // while nothing comes, and nothing of the request's body goes either
  Timer sent_;                                   // cancelled when the request has been sent
  bool is_sending_ = false;
  bool is_sent_ = false;         // all of the request
  bool client_failed_ = false;   // while its body was read
  bool is_bad_request_ = false;  // the body is
  bool is_reused_ = false;
  bool has_said_ = false;  // something of a response
  bool keeps_target_ = false;
  bool keeps_client_ = false;
  unsigned status_ = 0;
  HttpBodyEnd body_;  // of the response
  std::optional<Error> failure_;
};

}  // namespace tcp::stream
