// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_service.hpp"

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/http_exchange.hpp"
#include "libtcp/stream/proxy_event.hpp"
#include "libtcp/stream/proxy_guest.hpp"
#include "libtcp/stream/socks_bind.hpp"

namespace tcp::stream {
namespace {

class ProxyConversations final : public ProxyService {
 public:
  ProxyConversations(const Executor& executor, const ListenOptions& options, ProxyTargets targets, std::string secret,
                     SessionObserver& observer, const Clock& clock)
      : options_(*options.proxy_server),
        relay_(options.relay),
        targets_(std::move(targets)),
        routes_{executor, options_, targets_, observer, clock} {
    if (options_.credentials) authentication_.emplace(*options_.credentials, std::move(secret));
  }

  Awaitable<void> serve(Conversation& conversation) override {
    auto dialogue = make_proxy_server(options_.kind, authentication_ ? &*authentication_ : nullptr);
    ProxyGuest guest(routes_, conversation, std::move(dialogue));
    co_await serve_requests(guest, false);
  }

  Awaitable<void> resume(Conversation& conversation, std::unique_ptr<ProxyServerDialogue> dialogue) override {
    ProxyGuest guest(routes_, conversation, std::move(dialogue));
    co_await serve_requests(guest, true);
  }

  Result<void> reload() override {
    TCP_TRY_ASSIGN(targets, ProxyTargets::load(options_.targets));
    targets_ = std::move(targets);
    return {};
  }

 private:
  Awaitable<void> serve_requests(ProxyGuest& guest, bool is_known) {
    HttpExchange exchange(routes_, guest);
    for (;;) {
      if (!is_known) is_known = co_await guest.read_request();
      if (!is_known) co_return;
      is_known = false;
      const ProxyCommand command = guest.dialogue().request().command;
      if (command == ProxyCommand::connect) {
        co_await tunnel(guest);
        co_return;
      }
      if (command == ProxyCommand::bind) {
        co_await bind(guest);
        co_return;
      }
      const bool goes_on = co_await exchange.run();
      if (!goes_on) co_return;
    }
  }

  Awaitable<void> tunnel(ProxyGuest& guest) {
    const Address client = guest.channel().addresses().remote;
    auto target = co_await reach_proxy_target(routes_, guest.dialogue().request().target, client, guest.id());
    if (!target) {
      co_await guest.refuse(std::move(target).error());
      co_return;
    }
    const Endpoint here = end_of(**target);
    const bool is_there = co_await guest.grant(here);
    if (is_there) co_await guest.join(**target, relay_);
  }

  Awaitable<void> bind(ProxyGuest& guest) {
    auto peer = co_await wait_for_bound(routes_, guest);
    if (peer) co_await guest.join(*peer, relay_);
  }

  const ProxyServerOptions& options_;
  const RelayOptions& relay_;
  ProxyTargets targets_;
  std::optional<ProxyAuthentication> authentication_;
  ProxyRoutes routes_;
};

}  // namespace

Result<std::unique_ptr<ProxyService>> make_proxy_service(const Executor& executor, const ListenOptions& options,
                                                         SessionObserver& observer, const Clock& clock) {
  TCP_TRY_ASSIGN(targets, ProxyTargets::load(options.proxy_server->targets));
  TCP_TRY_ASSIGN(secret, make_proxy_secret());
  return std::make_unique<ProxyConversations>(executor, options, std::move(targets), std::move(secret), observer,
                                              clock);
}

}  // namespace tcp::stream
