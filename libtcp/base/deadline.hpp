// SPDX-License-Identifier: MIT
// When something that may take so long has to be over.
#pragma once

#include "libtcp/base/clock.hpp"

namespace tcp {

// Zero is no limit: never.
[[nodiscard]] constexpr MonotonicTime deadline_after(MonotonicTime start, Duration limit) noexcept {
  return limit > Duration() ? start + limit : MonotonicTime::max();
}

}  // namespace tcp
