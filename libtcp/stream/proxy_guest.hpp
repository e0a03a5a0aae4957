// SPDX-License-Identifier: MIT
// One client of a proxy server, as a coroutine talks to it.
#pragma once

#include <memory>
#include <string>

#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/proxy_route.hpp"
#include "libtcp/stream/proxy_server.hpp"

namespace tcp::stream {

class ProxyGuest {
 public:
  // The references must outlive it.
  ProxyGuest(const ProxyRoutes& routes, Conversation& conversation, std::unique_ptr<ProxyServerDialogue> dialogue)
      : routes_(routes), conversation_(conversation), dialogue_(std::move(dialogue)) {}

  [[nodiscard]] ProxyServerDialogue& dialogue() noexcept { return *dialogue_; }
  [[nodiscard]] Channel& channel() noexcept { return conversation_.channel(); }
  [[nodiscard]] Traffic& traffic() noexcept { return conversation_.traffic(); }
  [[nodiscard]] std::uint64_t id() const noexcept { return conversation_.id(); }
  // What came behind the request.
  [[nodiscard]] std::string& early() noexcept { return early_; }

  // Until the dialogue knows what is wanted. False: the conversation is over and closed.
  [[nodiscard]] Awaitable<bool> read_request();
  // Says it. False likewise.
  [[nodiscard]] Awaitable<bool> grant(Endpoint here);
  // Each of these closes the conversation.
  [[nodiscard]] Awaitable<void> refuse(Error error);
  [[nodiscard]] Awaitable<void> refuse_with(ProxyRefusal refusal, CloseReason reason, Error error);
  [[nodiscard]] Awaitable<void> join(Channel& target, RelayOptions relay);
  // Nothing more is said; the client is given time to read what was.
  [[nodiscard]] Awaitable<void> part(CloseReason reason, std::optional<Error> error);
  void lose(std::error_code error);
  void fail(Error error);  // the target's

 private:
  [[nodiscard]] Awaitable<bool> take(ProxyServerTurn turn);

  const ProxyRoutes& routes_;
  Conversation& conversation_;
  std::unique_ptr<ProxyServerDialogue> dialogue_;
  std::string early_;
  bool has_served_ = false;  // a request before
};

}  // namespace tcp::stream
