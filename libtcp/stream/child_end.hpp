// SPDX-License-Identifier: MIT
// A child process as an end of a relay: our ends of the pipes at its standard input and output.
#pragma once

#include <memory>
#include <string>

#include "libtcp/stream/program_end.hpp"
#include "libtcp/stream/ready_fd.hpp"

namespace tcp::stream {

class ChildEnd final : public ProgramEnd {
 public:
  // What is sent goes to `input`, what is received comes from `output`; without one, that direction leads nowhere.
  // `name` is the program's.
  ChildEnd(std::unique_ptr<ReadyFd> input, std::unique_ptr<ReadyFd> output, std::string name)
      : input_(std::move(input)), output_(std::move(output)), name_(std::move(name)) {}

  Awaitable<IoResult> receive(std::span<std::byte> buffer) override;
  // Throws away what the child does not read any more.
  Awaitable<IoResult> send(std::span<const std::byte> bytes) override;
  Awaitable<std::error_code> finish_sending() override;
  RawEnd source() noexcept override { return raw(output_); }
  RawEnd sink() noexcept override { return raw(input_); }
  bool is_dedicated() const noexcept override { return true; }
  void cancel_receiving() noexcept override;
  void cancel_sending() noexcept override;
  Error receive_error(std::error_code code) const override { return {code, "read from " + name_, {}, {}}; }
  Error send_error(std::error_code code) const override { return {code, "write to " + name_, {}, {}}; }

  // Both pipes.
  void close() noexcept override;

 private:
  [[nodiscard]] static RawEnd raw(const std::unique_ptr<ReadyFd>& descriptor) noexcept;

  std::unique_ptr<ReadyFd> input_;
  std::unique_ptr<ReadyFd> output_;
  std::string name_;
};

}  // namespace tcp::stream
