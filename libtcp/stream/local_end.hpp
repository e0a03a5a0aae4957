// SPDX-License-Identifier: MIT
// The local end of conversations: where sent bytes come from and where received bytes go, be it a terminal, a pipe, a
// file, a socket or /dev/null, blocking or not, shared with a shell or not.
//
// Nobody else who holds the same open file descriptions is disturbed: a pipe or a terminal is opened a second time
// (/proc/self/fd/N) and only that description is non-blocking; where that cannot be, the flags are put back at the end.
#pragma once

#include <optional>
#include <string>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/descriptor_kind.hpp"
#include "libtcp/stream/local_descriptors.hpp"
#include "libtcp/stream/ready_fd.hpp"

namespace tcp::stream {

// One descriptor, made safe to use without blocking.
class LocalFd {
 public:
  // `access`: O_RDONLY or O_WRONLY. Errors: EBADF.
  [[nodiscard]] static Result<LocalFd> open(const Executor& executor, int fd, int access, const std::string& name);
  LocalFd(LocalFd&& other) noexcept;
  LocalFd& operator=(LocalFd&&) = delete;
  ~LocalFd();

  [[nodiscard]] ReadyFd& ready() noexcept { return ready_; }
  [[nodiscard]] int get() noexcept { return ready_.get(); }
  [[nodiscard]] DescriptorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  // Whoever reads what we wrote sees the end of it now: the borrowed descriptor leads to /dev/null from here on (its
  // number stays taken), a socket is shut down for sending.
  void end_output() noexcept;

 private:
  LocalFd(ReadyFd ready, int borrowed, DescriptorKind kind, std::string name)
      : ready_(std::move(ready)), borrowed_(borrowed), kind_(kind), name_(std::move(name)) {}
  void restore_flags() noexcept;

  ReadyFd ready_;
  int borrowed_;
  DescriptorKind kind_;
  std::string name_;
  std::optional<int> flags_to_restore_;
};

class LocalEnd {
 public:
  [[nodiscard]] static Result<LocalEnd> open(const Executor& executor, const LocalDescriptors& descriptors);

  LocalFd input;
  LocalFd output;
  bool input_ended = false;
};

}  // namespace tcp::stream
