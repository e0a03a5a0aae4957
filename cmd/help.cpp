// SPDX-License-Identifier: MIT
#include "cmd/help.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "cmd/output/terminal.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kHelpWidth = 80;
constexpr std::size_t kDescriptionColumn = 26;
constexpr std::size_t kSummaryColumn = 20;

// Every line but the first begins at `column`.
std::string indent_continuation(const std::string& text, std::size_t column) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == '\n') result += std::string(column, ' ');
  }
  return result;
}

// CLI11's own layout knows no width; this one keeps every line within 80 columns.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    const std::string name = "  " + make_option_name(option, is_positional) + make_option_opts(option);
    return layout(name, make_option_desc(option));
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    if (type.empty() || option->get_positional()) return "";
    return " " + type;
  }
  // CLI11 adds "(REQUIRED)" and the like to positionals; our descriptions say it in words.
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    if (!is_positional) return option->get_name(false, true);
    const std::string name = option->get_name(true);
    return option->get_expected_max() > 1 ? name + "..." : name;
  }
  std::string make_description(const CLI::App* app) const override {
    return wrap(app->get_description(), kHelpWidth) + "\n";
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = "Usage: " + (name.empty() ? app->get_name() : name) + " [OPTION]...";
    for (const CLI::Option* option : app->get_options([](const CLI::Option* o) { return o->get_positional(); })) {
      const std::string word = make_option_name(option, true);
      usage += option->get_required() ? " " + word : " [" + word + "]";
    }
    return wrap(usage, kHelpWidth, 9) + "\n";
  }

 private:
  static std::string layout(const std::string& name, const std::string& description) {
    const std::string text = wrap(description, kHelpWidth - kDescriptionColumn);
    const std::size_t used = display_width(name);
    const std::string gap = used + 2 <= kDescriptionColumn ? std::string(kDescriptionColumn - used, ' ')
                                                           : "\n" + std::string(kDescriptionColumn, ' ');
    return name + gap + indent_continuation(text, kDescriptionColumn) + "\n";
  }
};

std::string unknown_option_detail(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view meant = did_you_mean(word.substr(0, word.find('=')), views);
  return meant.empty() ? "there is none of that name" : fmt::format("unknown; did you mean '{}'?", meant);
}

}  // namespace

void set_up_help(CLI::App& app, const CommandRow& row) {
  app.name("tcpbox " + std::string(row.name));
  app.description(std::string(row.summary));
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Show this help")->group("Output");
  app.get_formatter()->label("TEXT", "");
}

std::string help_hint(const CommandRow& row) { return fmt::format("'tcpbox {} --help' shows what it takes", row.name); }

std::unexpected<Error> explain(const CLI::ParseError& error, const CLI::App& app, const CommandRow& row) {
  const auto refuse = [&](std::string what, std::string why) {
    return make_error(Errc::invalid_input, std::move(what), std::move(why), help_hint(row));
  };
  // An unknown option is the slip to name, also when something required is missing besides.
  const std::vector<std::string> extras = app.remaining(true);
  for (const std::string& word : extras) {
    if (word.starts_with('-') && word.size() > 1) {
      return refuse("option '" + word + "'", unknown_option_detail(app, word));
    }
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return refuse("argument '" + (extras.empty() ? "" : extras.front()) + "'", "one too many");
  }
  std::string message = error.what();
  std::ranges::replace(message, '\n', ' ');
  return refuse("", message);
}

std::string overview_text() {
  std::string text =
      "Usage: tcpbox COMMAND [OPTION]... [ARGUMENT]...\n\n"
      "The TCP toolkit: one tool for connections, ports and handshakes.\n\nCommands:\n";
  for (const CommandRow& row : commands()) {
    const std::string summary = wrap(row.summary, kHelpWidth - kSummaryColumn);
    text += fmt::format("  {:<17} {}\n", row.name, indent_continuation(summary, kSummaryColumn));
  }
  text +=
      "\n  tcpbox COMMAND --help    what a command takes\n"
      "  tcpbox --version         this version\n\n"
      "Exit status: 0 done, 1 done and the answer is no, 2 usage, 3 failed.\n";
  return text;
}

std::string version_text() { return "tcpbox " TCPBOX_VERSION "\n"; }

}  // namespace tcp::cmd
