// SPDX-License-Identifier: MIT
// Opens a file by a name from outside that must not lead out of a directory (openat2(2)).
#pragma once

#include <cstdint>

#include "libtcp/base/unique_fd.hpp"

namespace tcp {

enum class Links : std::uint8_t {
  followed,  // as long as they stay beneath; those in /proc, which lead anywhere, never are
  refused,   // ELOOP
};

// `flags` as for open(2), close-on-exec besides. Errors: in errno; EXDEV when the name leads out, ENOSYS where the
// kernel (before 5.6) or a sandbox does not have openat2.
[[nodiscard]] UniqueFd open_beneath(int directory, const char* name, int flags, Links links);

}  // namespace tcp
