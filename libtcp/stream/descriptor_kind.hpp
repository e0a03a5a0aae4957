// SPDX-License-Identifier: MIT
// What a descriptor leads to, as far as moving bytes cares.
#pragma once

#include <cstdint>

#include "libtcp/base/error.hpp"

namespace tcp::stream {

enum class DescriptorKind : std::uint8_t {
  pipe,      // also a FIFO: splice(2) works directly
  file,      // regular or block device: never waits, unknown to epoll
  socket,    // stream socket
  terminal,  //
  null,      // /dev/null: takes everything, gives nothing, unknown to epoll
  device,    // another character device
};

// Errors: EBADF.
[[nodiscard]] Result<DescriptorKind> descriptor_kind(int fd, const std::string& name);

}  // namespace tcp::stream
