// SPDX-License-Identifier: MIT
#include "libtcp/stream/establish_with_retries.hpp"

#include <random>

namespace tcp::stream {

Awaitable<Result<Established>> establish_with_retries(Executor executor, const DialOptions& options,
                                                      const RetryOptions& retry, SessionObserver& observer,
                                                      const Clock& clock) {
  RetryPolicy policy(retry, clock.now(), std::random_device()());
  DialOptions dial = options;
  Timer pause(executor);
  for (;;) {
    dial.timeout = policy.bound(options.timeout, clock.now());
    auto established = co_await establish(executor, dial, observer, clock);
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
