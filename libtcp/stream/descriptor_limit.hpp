// SPDX-License-Identifier: MIT
// How many descriptors this process may have (RLIMIT_NOFILE).
#pragma once

namespace tcp::stream {

// As many as the administrator permits: the soft limit becomes the hard one. Whoever uses select(2) is not us.
void raise_descriptor_limit() noexcept;

// What it was before, for a program that is executed: it may use select(2). Async-signal-safe.
void restore_descriptor_limit() noexcept;

}  // namespace tcp::stream
