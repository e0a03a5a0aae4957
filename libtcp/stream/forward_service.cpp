// SPDX-License-Identifier: MIT
#include "libtcp/stream/forward_service.hpp"

#include "libtcp/stream/balancer.hpp"
#include "libtcp/stream/establish.hpp"

namespace tcp::stream {
namespace {

// One conversation more for a target, as long as it lives.
class Load {
 public:
  Load(Balancer& balancer, std::size_t target) : balancer_(balancer), target_(target) { balancer_.began(target_); }
  ~Load() { balancer_.ended(target_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

 private:
  Balancer& balancer_;
  std::size_t target_;
};

class ForwardService final : public ClientService {
 public:
  ForwardService(const Executor& executor, const ForwardOptions& forward, std::vector<std::unique_ptr<TlsContext>> tls,
                 const RelayOptions& relay, SessionObserver& observer, const Clock& clock)
      : executor_(executor),
        forward_(forward),
        tls_(std::move(tls)),
        relay_(relay),
        observer_(observer),
        clock_(clock),
        balancer_(forward.targets.size(), forward.balance, std::random_device()()) {}

  Awaitable<void> serve(Conversation& conversation) override {
    const std::vector<std::size_t> order = balancer_.order(clock_.now());
    std::optional<Error> failure;
    for (const std::size_t target : order) {
      const Load load(balancer_, target);
      auto established = co_await establish(executor_, forward_.targets[target], tls_[target].get(), observer_, clock_);
      if (established) {
        balancer_.mark_alive(target);
        report(conversation, *established);
        co_await conversation.relay(executor_, *established->channel, relay_);
        co_return;
      }
      failure = note_dead(target, std::move(established).error());
    }
    conversation.close(CloseReason::target_failed, std::move(failure));
  }

 private:
  void report(const Conversation& conversation, const Established& established) {
    Forwarded event;
    event.id = conversation.id();
    event.addresses = established.channel->addresses();
    event.resolve_time = established.connected.resolve_time;
    event.connect_time = established.connected.connect_time;
    event.tls = established.connected.tls;
    observer_.on_forwarded(event);
  }

  // One warning each time that a target turns dead, when there is something to go on with.
  Error note_dead(std::size_t target, Error error) {
    const bool is_news = balancer_.mark_dead(target, clock_.now() + forward_.dead_time);
    if (is_news && (forward_.targets.size() > 1 || forward_.outlives_clients)) observer_.on_warning(error);
    return error;
  }

  Executor executor_;
  const ForwardOptions& forward_;
  std::vector<std::unique_ptr<TlsContext>> tls_;  // of each target; null without TLS
  const RelayOptions& relay_;
  SessionObserver& observer_;
  const Clock& clock_;
  Balancer balancer_;
};

}  // namespace

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
