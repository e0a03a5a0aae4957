// SPDX-License-Identifier: MIT
#include "cmd/exec_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

constexpr std::string_view kExec = "--exec";
constexpr const char* kExecGroup = "Joined with";

bool names_exec(const std::string& word) { return word == kExec || word.starts_with("--exec="); }

}  // namespace

// The option parser never sees --exec itself: it is defined for the help.
std::vector<std::string> ExecWords::take_program(std::vector<std::string> arguments) {
  const auto stop = std::ranges::find(arguments, "--");
  const auto word = std::find_if(arguments.begin(), stop, names_exec);
  if (word == stop) return arguments;
  exec_ = true;
  if (*word != kExec) program_.push_back(word->substr(kExec.size() + 1));
  program_.insert(program_.end(), word + 1, arguments.end());
  arguments.erase(word, arguments.end());
  return arguments;
}

void ExecWords::define(CLI::App& app) {
  app.add_flag(std::string(kExec), exec_,
               "Run PROGRAM ARG... for each connection; all words after this one are its own")
      ->type_name("PROGRAM...")
      ->group(kExecGroup);
  app.add_option("--shell", shell_, "Run this command of /bin/sh for each connection")
      ->type_name("COMMAND")
      ->expected(1)
      ->allow_extra_args(false)
      ->group(kExecGroup);
  app.add_option("--stderr", error_output_, "Its standard error: log (default) to ours, merge with its output, or drop")
      ->type_name("WHERE")
      ->group(kExecGroup);
  app.add_flag("--pty", pty_, "Give it a terminal of its own instead of pipes")->group(kExecGroup);
  app.add_option("--pty-size", pty_size_, "The window of that terminal (80x24)")
      ->type_name("COLUMNSxROWS")
      ->group(kExecGroup);
}

Result<void> ExecWords::settle() {
  TCP_TRY_ASSIGN(error_output, settle_error_output());
  if (!exec_ && shell_.empty()) {
    if (!error_output_.empty()) return usage_error("--stderr", "needs --exec or --shell");
    if (pty_) return usage_error("--pty", "needs --exec or --shell");
    if (!pty_size_.empty()) return usage_error("--pty-size", "needs --pty");
    return {};
  }
  TCP_TRY_ASSIGN(program, settle_program());
  TCP_TRY_ASSIGN(terminal, settle_terminal());
  settled_ = stream::ExecOptions{std::move(program), error_output, terminal};
  return {};
}

Result<std::vector<std::string>> ExecWords::settle_program() const {
  if (exec_ && !shell_.empty()) return usage_error("--exec and --shell", "choose one of them");
  if (exec_) {
    if (program_.empty() || program_.front().empty()) return usage_error("--exec", "must be followed by a program");
    return program_;
  }
  if (shell_.front().empty()) return usage_error("--shell ''", "must be a command");
  return std::vector<std::string>{"/bin/sh", "-c", shell_.front()};
}

Result<std::optional<stream::WindowSize>> ExecWords::settle_terminal() const {
  if (pty_ && !error_output_.empty()) {
    return usage_error("--pty and --stderr", "exclude each other: a terminal is standard error too");
  }
  if (!pty_ && !pty_size_.empty()) return usage_error("--pty-size", "needs --pty");
  if (!pty_) return std::nullopt;
  if (pty_size_.empty()) return stream::WindowSize{};
  const std::size_t x = pty_size_.find('x');
  const auto columns = parse_unsigned<std::uint16_t>(std::string_view(pty_size_).substr(0, x));
  const auto rows =
      x == std::string::npos ? std::nullopt : parse_unsigned<std::uint16_t>(std::string_view(pty_size_).substr(x + 1));
  if (columns && rows && *columns > 0 && *rows > 0) return stream::WindowSize{*columns, *rows};
  return usage_error("--pty-size '" + pty_size_ + "'", "must be COLUMNSxROWS, such as 132x43");
}

Result<stream::ErrorOutput> ExecWords::settle_error_output() const {
  if (error_output_.empty() || error_output_ == "log") return stream::ErrorOutput::log;
  if (error_output_ == "merge") return stream::ErrorOutput::merge;
  if (error_output_ == "drop") return stream::ErrorOutput::drop;
  return usage_error("--stderr '" + error_output_ + "'", "must be log, merge or drop");
}

}  // namespace tcp::cmd
