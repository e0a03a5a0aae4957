// SPDX-License-Identifier: MIT
// Options that several commands share, and the glue between CLI11 and our parsers.
#pragma once

#include <optional>
#include <string>

#include "cmd/command.hpp"
#include "cmd/output/view.hpp"
#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::cmd {

// --json, --ndjson, --color WHEN
struct OutputOptions {
  bool json = false;
  bool ndjson = false;
  std::string color = "auto";

  void define(CLI::App& app);
  // Errors: --json with --ndjson, a WHEN other than auto, always, never.
  [[nodiscard]] Result<void> settle() const;
  [[nodiscard]] Format format() const noexcept;
  // Applies --color to the outputs of a run.
  void apply(Context& context) const;
};

// -4, -6, -n/--numeric
struct AddressOptions {
  bool v4_only = false;
  bool v6_only = false;
  bool numeric = false;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle() const;
  [[nodiscard]] std::optional<Family> family() const noexcept;
};

// The same error with the option that the word belongs to in front: "--timeout: duration 'x': must …".
[[nodiscard]] std::unexpected<Error> in_option(std::string_view option, Error error);

// For CLI11's check(): a word that is there but empty, as "$UNSET" in a script, is a slip, not a wish for the default.
[[nodiscard]] std::string refuse_empty(const std::string& word);

// A duration given to an option, or the default when the option was not used (`text` empty).
[[nodiscard]] Result<Duration> settle_duration(std::string_view option, const std::string& text, Duration otherwise);

// A number given to an option, or nothing when the option was not used (`text` empty).
template <class T>
[[nodiscard]] Result<std::optional<T>> settle_number(std::string_view option, const std::string& text, T least,
                                                     T most) {
  if (text.empty()) return std::nullopt;
  const auto number = parse_unsigned<T>(text);
  if (number && *number >= least && *number <= most) return number;
  return usage_error(std::string(option) + " '" + text + "'",
                     "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
}

}  // namespace tcp::cmd
