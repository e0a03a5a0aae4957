// SPDX-License-Identifier: MIT
// setsockopt(2) with the length taken from the type.
#pragma once

#include <sys/socket.h>

namespace tcp::net {

// False with errno set when the kernel said no.
template <class T>
[[nodiscard]] bool set_option(int fd, int level, int name, const T& value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// For options that an older kernel may lack and that only make things better.
template <class T>
void try_option(int fd, int level, int name, const T& value) noexcept {
  (void)::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace tcp::net
