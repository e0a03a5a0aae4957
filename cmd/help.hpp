// SPDX-License-Identifier: MIT
// How help and usage errors read: one line that names the offending word, help that fits 80 columns.
#pragma once

#include <string>

#include "cmd/command.hpp"

namespace CLI {
class ParseError;
}

namespace tcp::cmd {

void set_up_help(CLI::App& app, const CommandRow& row);
// CLI11's complaint as one of ours, with a near option when the option is unknown.
[[nodiscard]] std::unexpected<Error> explain(const CLI::ParseError& error, const CLI::App& app, const CommandRow& row);
[[nodiscard]] std::string help_hint(const CommandRow& row);
[[nodiscard]] std::string overview_text();
[[nodiscard]] std::string version_text();

}  // namespace tcp::cmd
