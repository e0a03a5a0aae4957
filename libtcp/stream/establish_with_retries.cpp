// SPDX-License-Identifier: MIT
#include "libtcp/stream/establish_with_retries.hpp"

#include <random>

namespace tcp::stream {

Awaitable<Result<Established>> establish_with_retries(Executor executor, const DialOptions& options,
                                                      const RetryOptions& retry, SessionObserver& observer,
                                                      const Clock& clock) {
  const auto tls = make_dial_tls(options, clock);
  if (!tls) co_return std::unexpected(tls.error());
  RetryPolicy policy(retry, clock.now(), std::random_device()());
  DialOptions dial = options;
  Timer pause(executor);
  for (;;) {
    dial.timeout = policy.bound(options.timeout, clock.now());
    std::vector<std::byte> nothing;
    auto established = co_await establish(executor, dial, tls->get(), observer, clock, std::move(nothing));
    if (established) co_return established;
    const auto planned = policy.after(established.error(), dial.target, clock.now());
    if (!planned) co_return std::unexpected(policy.verdict(established.error(), dial.target));
    observer.on_retry(*planned);
    pause.expires_after(planned->delay);
    auto [ignored] = co_await pause.async_wait(kToken);
    (void)ignored;
  }
}

}  // namespace tcp::stream
