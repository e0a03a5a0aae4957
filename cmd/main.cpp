// SPDX-License-Identifier: MIT
// argv → Command → ExitCode; the one catch-all, and the one place that prints an error.
#include <unistd.h>

#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/secret_arguments.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {
namespace {

void print_error(Output& err, const Error& error) {
  err.write(paint(err.terminal(), Style::red, "tcpbox:") + " " + sanitize(error.message()) + "\n");
  if (!error.hint.empty()) err.write("hint: " + sanitize(error.hint) + "\n");
  err.flush();
}

ExitCode exit_code_of(const Error& error) { return error.is(Errc::invalid_input) ? ExitCode::usage : ExitCode::failed; }

Result<ExitCode> run(Context& context) {
  TCP_TRY_ASSIGN(invocation, parse_command_line(context.arguments));
  if (invocation.command == nullptr) {
    context.out.write(invocation.text);
    return ExitCode::done;
  }
  context.arguments = without_secrets(std::move(context.arguments));  // from here on they are only reported
  return invocation.command->run(context);
}

// The default action of a signal, so that the caller sees how we ended.
void die_by(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

int guarded_main(const std::vector<std::string>& arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(2), seen where it happens
  Output out(STDOUT_FILENO, "standard output");
  Output err(STDERR_FILENO, "standard error", Output::Files::line_by_line);
  const SystemClock clock;
  Context context{out, err, clock, arguments};
  auto code = run(context);
  auto written = out.finish();
  if (out.closed_pipe()) die_by(SIGPIPE);
  if (!code) {
    print_error(err, code.error());
    return static_cast<int>(exit_code_of(code.error()));
  }
  if (!written) {
    print_error(err, written.error());
    return static_cast<int>(ExitCode::failed);
  }
  return static_cast<int>(*code);
}

}  // namespace

}  // namespace tcp::cmd

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    tcp::cmd::wipe_secrets(argc, argv);
    return tcp::cmd::guarded_main(arguments);
  } catch (const std::exception& exception) {
    const std::string text = std::string("tcpbox: internal error: ") + exception.what() + "\n";
    (void)!::write(STDERR_FILENO, text.data(), text.size());
    return static_cast<int>(tcp::cmd::ExitCode::failed);
  }
}
