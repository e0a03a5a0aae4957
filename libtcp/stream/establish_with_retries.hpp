// SPDX-License-Identifier: MIT
// establish(), again and again.
#pragma once

#include "libtcp/stream/establish.hpp"
#include "libtcp/stream/retry.hpp"

namespace tcp::stream {

// Until it succeeds or `retry` has had enough; the dial's timeout is each try's. The references must outlive the wait.
[[nodiscard]] Awaitable<Result<Established>> establish_with_retries(Executor executor, const DialOptions& options,
                                                                    const RetryOptions& retry,
                                                                    SessionObserver& observer, const Clock& clock);

}  // namespace tcp::stream
