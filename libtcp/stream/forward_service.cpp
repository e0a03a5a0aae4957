// SPDX-License-Identifier: MIT
#include "libtcp/stream/forward_service.hpp"

#include "libtcp/stream/establish.hpp"
#include "libtcp/stream/forward_targets.hpp"

namespace tcp::stream {
namespace {

// One conversation more for a target, as long as it lives.
class Load {
 public:
  Load(ForwardTargets& targets, std::size_t target) : targets_(targets), target_(target) { targets_.began(target_); }
  ~Load() { targets_.ended(target_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  ForwardTargets& targets_;
  std::size_t target_;
};

class ForwardService final : public ClientService {
 public:
  ForwardService(const Executor& executor, const ForwardOptions& forward, std::vector<std::unique_ptr<TlsContext>> tls,
                 const RelayOptions& relay, SessionObserver& observer, const Clock& clock)
      : executor_(executor),
        tls_(std::move(tls)),
        relay_(relay),
        observer_(observer),
        clock_(clock),
        send_proxy_(forward.send_proxy),
        targets_(forward, observer, clock) {}

  Awaitable<void> serve(Conversation& conversation) override {
    const std::vector<std::size_t> order = targets_.order();
    std::optional<Error> failure;
    for (const std::size_t target : order) {
      const Load load(targets_, target);
      std::vector<std::byte> header = header_of(conversation);
      auto established =
          co_await establish(executor_, targets_.at(target), tls_[target].get(), observer_, clock_, std::move(header));
      if (established) {
        targets_.mark_alive(target);
        report_forwarded(observer_, conversation.id(), *established);
        co_await conversation.relay(executor_, *established->channel, relay_);
        co_return;
      }
      failure = std::move(established).error();
      targets_.mark_dead(target, *failure);
    }
    conversation.close(CloseReason::target_failed, std::move(failure));
  }

 private:
  // Empty when the target is told nothing.
  [[nodiscard]] std::vector<std::byte> header_of(Conversation& conversation) const {
    if (!send_proxy_) return {};
    return serialize_proxy_header(*send_proxy_, conversation.channel().addresses());
  }

  Executor executor_;
  std::vector<std::unique_ptr<TlsContext>> tls_;  // of each target; null without TLS
  const RelayOptions& relay_;
  SessionObserver& observer_;
  const Clock& clock_;
  std::optional<ProxyVersion> send_proxy_;
  ForwardTargets targets_;
};

}  // namespace

void report_forwarded(SessionObserver& observer, std::uint64_t id, const Established& established) {
  Forwarded event;
  event.id = id;
  event.addresses = established.channel->addresses();
  event.resolve_time = established.connected.resolve_time;
  event.connect_time = established.connected.connect_time;
  event.tls = established.connected.tls;
  observer.on_forwarded(event);
}

Result<std::unique_ptr<ClientService>> make_forward_service(const Executor& executor, const ForwardOptions& forward,
                                                            const RelayOptions& relay, SessionObserver& observer,
                                                            const Clock& clock) {
  std::vector<std::unique_ptr<TlsContext>> contexts;
  for (const DialOptions& target : forward.targets) {
    TCP_TRY_ASSIGN(tls, make_dial_tls(target, clock));
    contexts.push_back(std::move(tls));
  }
  return std::make_unique<ForwardService>(executor, forward, std::move(contexts), relay, observer, clock);
}

}  // namespace tcp::stream
