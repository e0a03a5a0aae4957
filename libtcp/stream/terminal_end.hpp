// SPDX-License-Identifier: MIT
// A child process at a pseudo-terminal as an end of a relay.
//
// A terminal has no half of it that could be closed: the end of what is sent is typed (Ctrl-D), as a person would. When
// the terminal then stays silent for a while, the line is hung up, which the kernel tells the session by SIGHUP; unless
// it may go on (half-open).
#pragma once

#include <memory>
#include <string>

#include "libtcp/stream/program_end.hpp"
#include "libtcp/stream/ready_fd.hpp"

namespace tcp::stream {

class TerminalEnd final : public ProgramEnd {
 public:
  // `ours`: of the pseudo-terminal, non-blocking. `name` is the program's.
  TerminalEnd(const Executor& executor, ReadyFd ours, std::string name, bool half_open)
      : ours_(std::move(ours)), name_(std::move(name)), half_open_(half_open), silence_(executor) {}

  Awaitable<IoResult> receive(std::span<std::byte> buffer) override;
  // Throws away what nobody is there to read.
  Awaitable<IoResult> send(std::span<const std::byte> bytes) override;
  Awaitable<std::error_code> finish_sending() override;
  // To be watched; the kernel moves nothing to a terminal.
  RawEnd sink() noexcept override { return {&ours_, DescriptorKind::pipe}; }
  bool is_transparent() const noexcept override { return false; }
  bool is_dedicated() const noexcept override { return true; }
  void cancel_receiving() noexcept override { ours_.cancel(); }
  void cancel_sending() noexcept override { ours_.cancel(); }
  Error receive_error(std::error_code code) const override { return {code, "read the terminal of " + name_, {}, {}}; }
  Error send_error(std::error_code code) const override { return {code, "write to the terminal of " + name_, {}, {}}; }

  void close() noexcept override { ours_.close(); }
  bool has_hung_up() const noexcept override { return hung_up_; }

 private:
  [[nodiscard]] std::string end_of_input();
  void watch_silence();

  ReadyFd ours_;
  std::string name_;
  bool half_open_;
  bool in_line_ = false;  // what was typed last does not end one
  bool spoke_ = false;    // since silence was last looked at
  bool hung_up_ = false;
  Timer silence_;
};

}  // namespace tcp::stream
