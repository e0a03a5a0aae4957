// SPDX-License-Identifier: MIT
#include "libtcp/stream/port_check.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <random>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/establish_with_retries.hpp"
#include "libtcp/stream/resolve.hpp"
#include "libtcp/stream/run_loop.hpp"

namespace tcp::stream {
namespace {

constexpr std::uint64_t kReserve = 32;  // descriptors for everything else
constexpr std::uint64_t kPerDial = 4;   // an event queue, its timer, and what is being swapped

std::uint64_t descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

// Declared in the same order as ListenRun and for the same reason.
class PortCheckRun {
 public:
  PortCheckRun(const PortCheckOptions& options, SessionObserver& observer, const Clock& clock)
      : options_(options), dial_(options.dial), observer_(observer), clock_(clock), next_(options.ports.begin()) {}

  Result<PortCheckOutcome> run() {
    loop_.stop_on(options_.stop_signals);
    outcome_.signal = loop_.run(check());
    if (failure_) return std::unexpected(*std::move(failure_));
    return outcome_;
  }

 private:
  [[nodiscard]] const std::string& host() const { return std::get<HostTarget>(options_.dial.target).host; }

  Awaitable<void> check() {
    const Executor executor = loop_.executor();
    co_await find_addresses(executor);
    if (failure_) co_return;
    const std::uint32_t at_once = ports_at_once(descriptor_limit(), dial_.addresses.size());
    const std::uint32_t workers = std::min(at_once, options_.ports.count());
    for (std::uint32_t i = 0; i < workers; ++i) {
      ++working_;
      asio::co_spawn(executor, work(executor), asio::detached);
    }
    while (working_ > 0) {
      auto [ignored] = co_await all_done_.async_wait(kToken);
      (void)ignored;
    }
  }

  // Once for all ports.
  Awaitable<void> find_addresses(Executor executor) {
    RetryPolicy policy(options_.retry, clock_.now(), std::random_device()());
    Timer pause(executor);
    net::ResolveOptions lookup;
    lookup.family = dial_.family;
    lookup.numeric_only = dial_.numeric_only;
    for (;;) {
      const Duration bound = policy.bound(dial_.timeout, clock_.now());
      const MonotonicTime deadline = deadline_after(clock_.now(), bound);
      auto addresses = co_await resolve_until(executor, host(), lookup, dial_.resolver, deadline);
      if (addresses) {
        dial_.addresses = std::move(*addresses);
        co_return;
      }
      const auto planned = policy.after(addresses.error(), dial_.target, clock_.now());
      if (!planned) {
        failure_ = policy.verdict(addresses.error(), dial_.target);
        co_return;
      }
      observer_.on_retry(*planned);
      pause.expires_after(planned->delay);
      auto [ignored] = co_await pause.async_wait(kToken);
      (void)ignored;
    }
  }

  Awaitable<void> work(Executor executor) {
    while (next_ != options_.ports.end()) {
      const std::uint16_t port = *next_;
      ++next_;
      co_await check_port(executor, port);
    }
    if (--working_ == 0) all_done_.cancel();
  }

  Awaitable<void> check_port(Executor executor, std::uint16_t port) {
    DialOptions dial = dial_;
    std::get<HostTarget>(dial.target).port = port;
    auto established = co_await establish_with_retries(executor, dial, options_.retry, observer_, clock_);
    PortChecked checked;
    checked.host = host();
    checked.port = port;
    if (established) {
      established->connected.id = ++outcome_.open;
      Conversation conversation(established->connected, std::move(established->channel), observer_, clock_);
      conversation.close(CloseReason::finished);
      checked.remote = conversation.channel().addresses().remote;
    } else {
      checked.error = std::move(established).error();
    }
    ++outcome_.checked;
    observer_.on_port_checked(checked);
  }

  const PortCheckOptions& options_;
  DialOptions dial_;
  SessionObserver& observer_;
  const Clock& clock_;
  ports::PortSet::Iterator next_;
  PortCheckOutcome outcome_;
  std::optional<Error> failure_;
  std::uint32_t working_ = 0;
  RunLoop loop_;
  Timer all_done_{loop_.executor(), Timer::time_point::max()};
};

}  // namespace

std::uint32_t ports_at_once(std::uint64_t descriptor_limit, std::size_t addresses) noexcept {
  if (descriptor_limit <= kReserve) return 1;
  const std::uint64_t fitting = (descriptor_limit - kReserve) / (kPerDial + addresses);
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(fitting, 1, kMostAtOnce));
}

Result<PortCheckOutcome> run_port_check(const PortCheckOptions& options, SessionObserver& observer,
                                        const Clock& clock) {
  return PortCheckRun(options, observer, clock).run();
}

}  // namespace tcp::stream
