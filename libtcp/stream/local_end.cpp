// SPDX-License-Identifier: MIT
#include "libtcp/stream/local_end.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tcp::stream {
namespace {

// Reading from a pipe needs no writer that is still there: POSIX gives end of file, and a terminal never becomes ours.
UniqueFd open_again(int fd, int access) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return UniqueFd(::open(path.c_str(), access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool has_private_flags(DescriptorKind kind) { return kind == DescriptorKind::pipe || kind == DescriptorKind::terminal; }

std::error_code last_error() { return {errno, std::generic_category()}; }

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
  return LocalEnd(std::move(input), std::move(output));
}

Awaitable<IoResult> LocalEnd::receive(std::span<std::byte> buffer) {
  for (;;) {
    const ssize_t bytes = ::read(input_.get(), buffer.data(), buffer.size());
    if (bytes >= 0) co_return static_cast<std::size_t>(bytes);
    if (errno == EINTR) continue;
    if (errno == EIO && input_.kind() == DescriptorKind::terminal) co_return std::size_t{0};
    if (errno != EAGAIN) co_return std::unexpected(last_error());
    if (!waits_) co_return std::unexpected(asio::error::make_error_code(asio::error::operation_aborted));
    const std::error_code error = co_await input_.ready().readable();
    if (error) co_return std::unexpected(error);
  }
}

Awaitable<IoResult> LocalEnd::send(std::span<const std::byte> bytes) {
  for (;;) {
    const ssize_t some = ::write(output_.get(), bytes.data(), bytes.size());
    if (some >= 0) co_return static_cast<std::size_t>(some);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) co_return std::unexpected(last_error());
    const std::error_code error = co_await output_.ready().writable();
    if (error) co_return std::unexpected(error);
  }
}

Awaitable<std::error_code> LocalEnd::finish_sending() {
  output_.end_output();
  co_return std::error_code();
}

void LocalEnd::set_waiting(bool waits) noexcept {
  waits_ = waits;
  if (!waits) cancel_receiving();
}

}  // namespace tcp::stream
