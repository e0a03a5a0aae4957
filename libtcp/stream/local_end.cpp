// SPDX-License-Identifier: MIT
#include "libtcp/stream/local_end.hpp"

#include <fcntl.h>
#include <sys/socket.h>

namespace tcp::stream {
namespace {

// Reading from a pipe needs no writer that is still there: POSIX gives end of file, and a terminal never becomes ours.
UniqueFd open_again(int fd, int access) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return UniqueFd(::open(path.c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool has_private_flags(DescriptorKind kind) { return kind == DescriptorKind::pipe || kind == DescriptorKind::terminal; }

// Files and /dev/null never make anybody wait.
bool needs_non_blocking(DescriptorKind kind) { return kind != DescriptorKind::file && kind != DescriptorKind::null; }

}  // namespace

Result<LocalFd> LocalFd::open(const Executor& executor, int fd, int access, const std::string& name) {
  TCP_TRY_ASSIGN(kind, descriptor_kind(fd, name));
  UniqueFd own = has_private_flags(kind) ? open_again(fd, access) : UniqueFd();
  std::optional<int> flags;
  if (!own) {
    own = UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    if (!own) return system_error("duplicate " + name);
    if (needs_non_blocking(kind)) flags = ::fcntl(fd, F_GETFL);
  }
  const int own_fd = own.get();
  TCP_TRY_ASSIGN(ready, ReadyFd::open(executor, std::move(own), name));
  LocalFd local(std::move(ready), fd, kind, name);
  if (flags && (*flags & O_NONBLOCK) == 0) {
    if (::fcntl(own_fd, F_SETFL, *flags | O_NONBLOCK) != 0) return system_error("make " + name + " non-blocking");
    local.flags_to_restore_ = flags;
  }
  return local;
}

LocalFd::LocalFd(LocalFd&& other) noexcept
    : ready_(std::move(other.ready_)),
      borrowed_(other.borrowed_),
      kind_(other.kind_),
      name_(std::move(other.name_)),
      flags_to_restore_(std::exchange(other.flags_to_restore_, std::nullopt)) {}

LocalFd::~LocalFd() { restore_flags(); }

void LocalFd::restore_flags() noexcept {
  if (flags_to_restore_) ::fcntl(borrowed_, F_SETFL, *flags_to_restore_);
  flags_to_restore_.reset();
}

void LocalFd::end_output() noexcept {
  if (kind_ == DescriptorKind::socket) {
    ::shutdown(borrowed_, SHUT_WR);
    return;
  }
  restore_flags();
  ready_.close();
  const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (null) ::dup2(null.get(), borrowed_);
}

Result<LocalEnd> LocalEnd::open(const Executor& executor, const LocalDescriptors& descriptors) {
  TCP_TRY_ASSIGN(input, LocalFd::open(executor, descriptors.input, O_RDONLY, descriptors.input_name));
  TCP_TRY_ASSIGN(output, LocalFd::open(executor, descriptors.output, O_WRONLY, descriptors.output_name));
  return LocalEnd{std::move(input), std::move(output)};
}

}  // namespace tcp::stream
