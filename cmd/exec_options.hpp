// SPDX-License-Identifier: MIT
// --exec, --shell, --stderr, --pty: the program that connections are joined with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/command.hpp"
#include "libtcp/stream/exec_options.hpp"

namespace tcp::cmd {

struct ExecWords {
  static constexpr std::string_view kHint = "every word after --exec belongs to the program, so it comes last";

  // Everything after --exec belongs to the program, whatever it looks like: takes it off.
  [[nodiscard]] std::vector<std::string> take_program(std::vector<std::string> arguments);
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
  // Once it is settled; nothing when no program was asked for.
  [[nodiscard]] const std::optional<stream::ExecOptions>& settled() const noexcept { return settled_; }

 private:
  [[nodiscard]] Result<std::vector<std::string>> settle_program() const;
  [[nodiscard]] Result<stream::ErrorOutput> settle_error_output() const;
  [[nodiscard]] Result<std::optional<stream::WindowSize>> settle_terminal() const;

  bool exec_ = false;
  std::vector<std::string> program_;
  std::vector<std::string> shell_;
  std::string error_output_;
  bool pty_ = false;
  std::string pty_size_;
  std::optional<stream::ExecOptions> settled_;
};

}  // namespace tcp::cmd
