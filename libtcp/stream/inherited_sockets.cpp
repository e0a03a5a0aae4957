// SPDX-License-Identifier: MIT
#include "libtcp/stream/inherited_sockets.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "libtcp/base/parse.hpp"

namespace tcp::stream {
namespace {

constexpr int kFirst = 3;         // SD_LISTEN_FDS_START
constexpr unsigned kMost = 1024;  // that anybody configures

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

int integer_option(int fd, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

Result<void> check_listening(int fd) {
  const std::string what = "LISTEN_FDS: descriptor " + std::to_string(fd);
  const int flags = ::fcntl(fd, F_GETFD);
  if (flags < 0) return usage_error(what, "is not open");
  if (integer_option(fd, SO_TYPE) != SOCK_STREAM || integer_option(fd, SO_ACCEPTCONN) != 1) {
    return usage_error(what, "is no listening stream socket");
  }
  if (::fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0) return system_error(what);
  return {};
}

}  // namespace

Result<std::vector<int>> take_inherited_sockets() {
  const std::string count_text = variable("LISTEN_FDS");
  const std::string process_text = variable("LISTEN_PID");
  if (process_text != std::to_string(::getpid())) return {};
  for (const char* name : {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}) ::unsetenv(name);
  const auto count = parse_unsigned<unsigned>(count_text);
  if (!count || *count > kMost) {
    return usage_error("LISTEN_FDS '" + count_text + "'", "must be a number up to " + std::to_string(kMost));
  }
  std::vector<int> sockets;
  for (unsigned i = 0; i < *count; ++i) {
    const int fd = kFirst + static_cast<int>(i);
    TCP_TRY(check_listening(fd));
    sockets.push_back(fd);
  }
  return sockets;
}

}  // namespace tcp::stream
