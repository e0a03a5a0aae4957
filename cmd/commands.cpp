// SPDX-License-Identifier: MIT
// The table of commands, and how argv finds its row.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

#include "cmd/command.hpp"
#include "cmd/help.hpp"

namespace tcp::cmd {
namespace {

constexpr std::array<CommandRow, 6> kCommands{{
    {"listen", "accept connections and join them with standard input and output", make_listen_command},
    {"connect", "connect and join the connection with standard input and output", make_connect_command},
    {"scan", "find open ports, and say how each is known", make_scan_command},
    {"ports", "explain ports: registered for, used for, and what this host does with them", make_ports_command},
    {"handshake-trace", "show a TCP handshake step by step, and what it means", make_handshake_trace_command},
    {"sockets", "list TCP sockets with their owners, and what the kernel says of them", make_sockets_command},
}};

// CLI11's exceptions end here: help is a text, everything else a usage error.
Result<Invocation> parse_command(const CommandRow& row, const std::vector<std::string>& arguments) {
  Invocation invocation{&row, row.make(), {}};
  CLI::App app;
  set_up_help(app, row);
  invocation.command->define(app);
  const std::vector<std::string> words = invocation.command->take_own_words(arguments);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them last first
  } catch (const CLI::CallForHelp&) {
    return Invocation{&row, nullptr, app.help()};
  } catch (const CLI::ParseError& error) {
    auto explained = explain(error, app, row);
    if (words.size() < arguments.size()) explained.error().hint = invocation.command->own_words_hint();
    return explained;
  }
  if (auto settled = invocation.command->settle(); !settled) {
    Error error = std::move(settled).error();
    if (error.hint.empty()) error.hint = help_hint(row);
    return std::unexpected(std::move(error));
  }
  return invocation;
}

const CommandRow* find_command(std::string_view name) {
  const auto row = std::ranges::find(kCommands, name, &CommandRow::name);
  return row == kCommands.end() ? nullptr : row;
}

Result<Invocation> unknown_command(const std::string& word) {
  std::vector<std::string_view> names;
  for (const CommandRow& row : kCommands) names.push_back(row.name);
  const std::string_view meant = did_you_mean(word, names);
  const std::string what = word.starts_with('-') ? "option " : "command ";
  return make_error(
      Errc::invalid_input, what + "'" + word + "'",
      meant.empty() ? "there is none of that name" : "unknown; did you mean '" + std::string(meant) + "'?",
      "'tcpbox --help' lists the commands");
}

// Optimal string alignment distance: a swap of neighbours is one slip of the finger.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

std::string_view did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t kLongestWord = 64;  // a longer one is no slip, and the distance is quadratic
  if (word.size() > kLongestWord) return {};
  std::string_view best;
  std::size_t best_distance = word.size() <= 3 ? 2 : 3;  // the first that is too far
  for (const std::string_view name : known) {
    const std::size_t distance = edit_distance(word, name);
    const bool prefix = word.size() >= 2 && name.starts_with(word);
    const std::size_t effective = prefix ? std::min<std::size_t>(distance, 1) : distance;
    if (effective < best_distance) {
      best = name;
      best_distance = effective;
    }
  }
  return best;
}

Result<Invocation> parse_command_line(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    return make_error(Errc::invalid_input, "command", "missing", "'tcpbox --help' lists the commands");
  }
  const std::string& first = arguments.front();
  if (first == "--version" || first == "-V") return Invocation{nullptr, nullptr, version_text()};
  const bool asks_help = first == "--help" || first == "-h" || first == "help";
  if (asks_help && arguments.size() == 1) return Invocation{nullptr, nullptr, overview_text()};
  const std::string& name = asks_help ? arguments[1] : first;
  const CommandRow* row = find_command(name);
  if (row == nullptr) return unknown_command(name);
  if (asks_help) return parse_command(*row, {"--help"});
  return parse_command(*row, {arguments.begin() + 1, arguments.end()});
}

}  // namespace tcp::cmd
