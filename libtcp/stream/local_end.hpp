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
#include "libtcp/stream/end.hpp"
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

// A hung-up terminal reads as an end like any.
class LocalEnd final : public End {
 public:
  [[nodiscard]] static Result<LocalEnd> open(const Executor& executor, const LocalDescriptors& descriptors);

  Awaitable<IoResult> receive(std::span<std::byte> buffer) override;
  Awaitable<IoResult> send(std::span<const std::byte> bytes) override;
  Awaitable<std::error_code> finish_sending() override;
  RawEnd source() noexcept override { return {&input_.ready(), input_.kind()}; }
  RawEnd sink() noexcept override { return {&output_.ready(), output_.kind()}; }
  void note_end() noexcept override { ended_ = true; }
  bool has_ended() const noexcept override { return ended_; }
  void set_waiting(bool waits) noexcept override;
  void cancel_receiving() noexcept override { input_.ready().cancel(); }
  void cancel_sending() noexcept override { output_.ready().cancel(); }
  Error receive_error(std::error_code code) const override { return {code, "read " + input_.name(), {}, {}}; }
  Error send_error(std::error_code code) const override { return {code, "write " + output_.name(), {}, {}}; }

 private:
  LocalEnd(LocalFd input, LocalFd output) : input_(std::move(input)), output_(std::move(output)) {}

  LocalFd input_;
  LocalFd output_;
  bool ended_ = false;
  bool waits_ = true;
};

}  // namespace tcp::stream
