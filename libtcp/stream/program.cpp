// SPDX-License-Identifier: MIT
#include "libtcp/stream/program.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace tcp::stream {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

// Zero, or the errno that execve(2) would give.
int obstacle(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EACCES;
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

// An empty directory in PATH is the current one (POSIX).
std::string join(std::string_view directory, const std::string& name) {
  return directory.empty() ? "./" + name : std::string(directory) + "/" + name;
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
  const std::string attempt = "run " + name;
  if (name.empty()) return system_error(attempt, ENOENT);
  if (name.find('/') != std::string::npos) {
    const int error_number = obstacle(name);
    if (error_number != 0) return system_error(attempt, error_number);
    return name;
  }
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable != nullptr ? std::string_view(variable) : kDefaultPath;
  int reason = ENOENT;
  for (;;) {
    const std::size_t colon = rest.find(':');
    std::string path = join(rest.substr(0, colon), name);
    const int error_number = obstacle(path);
    if (error_number == 0) return path;
    if (error_number == EACCES) reason = EACCES;
    if (colon == std::string_view::npos) return system_error(attempt, reason);
    rest.remove_prefix(colon + 1);
  }
}

}  // namespace tcp::stream
