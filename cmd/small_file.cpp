// SPDX-License-Identifier: MIT
#include "cmd/small_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "libtcp/base/unique_fd.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kMostFileBytes = std::size_t{64} * 1024;

}  // namespace

Result<std::string> read_small_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return system_error("open " + path);
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error("read " + path);
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    if (text.size() > kMostFileBytes) return make_error(Errc::malformed, "read " + path, "is larger than 64 KiB");
  }
}

}  // namespace tcp::cmd
