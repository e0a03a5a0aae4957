// SPDX-License-Identifier: MIT
#include "cmd/scan_target_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "libtcp/base/unique_fd.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

std::unexpected<Error> cannot(const char* verb, const std::string& name, int error_number) {
  return usage_error(std::string(verb) + " " + name, std::strerror(error_number));
}

}  // namespace

Result<void> read_targets(const std::string& path, scan::TargetList& list) {
  const bool standard_input = path == "-";
  const std::string name = standard_input ? "standard input" : path;
  UniqueFd file;
  if (!standard_input) {
    file = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return cannot("open", name, errno);
  }
  const int fd = standard_input ? STDIN_FILENO : file.get();
  scan::TargetFileReader reader(name, list);
  std::array<char, kPiece> piece;
  for (;;) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count == 0) return reader.finish();
    if (count > 0) {
      TCP_TRY(reader.feed({piece.data(), static_cast<std::size_t>(count)}));
    } else if (errno != EINTR) {
      return cannot("read", name, errno);
    }
  }
}

}  // namespace tcp::cmd
