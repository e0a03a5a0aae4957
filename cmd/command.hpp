// SPDX-License-Identifier: MIT
// A subcommand: its options, the settings they settle into, and its run.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/exit_code.hpp"
#include "cmd/output/output.hpp"
#include "cmd/output/terminal.hpp"
#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"

namespace CLI {
class App;
}

namespace tcp::cmd {

// What a run is handed. All of it outlives the run.
struct Context {
  Output& out;  // data
  Output& err;  // everything else
  const Clock& clock;
  std::vector<std::string> arguments;  // as typed, without the program's name

  // "tcpbox: warning: …" on err.
  void warn(std::string_view message) const;
  // A plain line on err.
  void note(std::string_view message) const;
};

class Command {
 public:
  virtual ~Command() = default;
  // Declares options and positionals; typed words land in members as they were typed.
  virtual void define(CLI::App& app) = 0;
  // Takes off what the option parser must not read. The hint goes with its errors when something was taken.
  virtual std::vector<std::string> take_own_words(std::vector<std::string> arguments) { return arguments; }
  [[nodiscard]] virtual std::string own_words_hint() const { return {}; }
  // Turns the words into settings, without touching the network. An error here is a usage error.
  virtual Result<void> settle() = 0;
  virtual Result<ExitCode> run(Context& context) = 0;
};

// One row of the table of commands.
struct CommandRow {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Command> (*make)();
};

std::unique_ptr<Command> make_listen_command();
std::unique_ptr<Command> make_connect_command();
std::unique_ptr<Command> make_scan_command();
std::unique_ptr<Command> make_ports_command();
std::unique_ptr<Command> make_handshake_trace_command();
std::unique_ptr<Command> make_sockets_command();

// In the order of the help.
[[nodiscard]] std::span<const CommandRow> commands();
// The name that was meant, when one is near enough; empty otherwise.
[[nodiscard]] std::string_view did_you_mean(std::string_view word, std::span<const std::string_view> known);

// argv after the program's name has been understood: a text to print, a command to run, or an error.
struct Invocation {
  const CommandRow* row = nullptr;
  std::unique_ptr<Command> command;  // settled; null when there is only a text
  std::string text;                  // --help, --version
};

// Never touches the network or the terminal. `arguments` without the program's name.
[[nodiscard]] Result<Invocation> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace tcp::cmd
