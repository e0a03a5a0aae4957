// SPDX-License-Identifier: MIT
// handshake-trace -i INTERFACE | --read FILE: shows the handshakes that others make.
#pragma once

#include <optional>
#include <string>

#include "cmd/command.hpp"
#include "cmd/handshake_trace_only.hpp"
#include "cmd/options.hpp"
#include "libtcp/trace/tracker.hpp"

namespace tcp::cmd {

class PassiveOptions {
 public:
  void define(CLI::App& app);
  // An interface or a file was named.
  [[nodiscard]] bool wanted() const noexcept { return !interface_.empty() || !read_.empty(); }
  // Errors: usage; options of this kind without an interface or a file.
  [[nodiscard]] Result<void> settle();

  [[nodiscard]] Result<ExitCode> run(Context& context, const OutputOptions& output) const;

 private:
  [[nodiscard]] Result<void> check_alone() const;

  std::string interface_;
  std::string read_;
  std::string filter_;
  std::string only_words_;
  std::string write_;
  std::string duration_word_;
  std::string most_word_;
  std::string top_word_;
  std::optional<std::string> page_;
  bool summary_only_ = false;

  OnlyRule only_;
  Duration duration_{};  // zero: until a signal comes
  std::size_t most_connections_ = trace::TrackerOptions{}.most_connections;
  std::size_t top_ = 10;
};

}  // namespace tcp::cmd
