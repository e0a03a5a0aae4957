// SPDX-License-Identifier: MIT
#include "cmd/output/output.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace tcp::cmd {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;

bool is_regular_file(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// A shared terminal or pipe may have been made non-blocking by somebody else; waiting is then ours to do.
void wait_until_writable(int fd) {
  pollfd entry{fd, POLLOUT, 0};
  ::poll(&entry, 1, -1);
}

}  // namespace

Output::Output(int fd, std::string name, Files files)
    : fd_(fd),
      name_(std::move(name)),
      buffered_(files == Files::buffered && is_regular_file(fd)),
      terminal_(detect_terminal(fd)) {}

void Output::write(std::string_view text) {
  if (failed()) return;
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void Output::line(std::string_view text) {
  write(text);
  write("\n");
  end_record();
}

void Output::end_record() {
  if (!buffered_) flush();
}

void Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && !failed()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      wait_until_writable(fd_);
    } else if (errno != EINTR) {
      error_number_ = errno;
    }
  }
  buffer_.clear();
}

bool Output::closed_pipe() const noexcept { return error_number_ == EPIPE; }

Result<void> Output::finish() {
  flush();
  if (failed()) return system_error("write " + name_, error_number_);
  return {};
}

}  // namespace tcp::cmd
