// SPDX-License-Identifier: MIT
#include "libtcp/base/read_up_to.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

namespace tcp {

std::expected<std::string, int> read_up_to(int fd, std::size_t most) {
  std::string bytes;
  std::array<char, 65'536> some;
  while (bytes.size() <= most) {
    const ssize_t count = ::read(fd, some.data(), some.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(errno);
    if (count == 0) break;
    bytes.append(some.data(), static_cast<std::size_t>(count));
  }
  return bytes;
}

}  // namespace tcp
