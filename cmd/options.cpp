// SPDX-License-Identifier: MIT
#include "cmd/options.hpp"

#include <CLI/CLI.hpp>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd {

void OutputOptions::define(CLI::App& app) {
  app.add_flag("--json", json, "One JSON document on standard output")->group("Output");
  app.add_flag("--ndjson", ndjson, "One JSON object a line, as things happen")->group("Output");
  app.add_option("--color", color, "When to use colour: auto, always or never")->type_name("WHEN")->group("Output");
}

Result<void> OutputOptions::settle() const {
  if (json && ndjson) return usage_error("--json and --ndjson", "choose one of them");
  if (color != "auto" && color != "always" && color != "never") {
    return usage_error("--color '" + color + "'", "must be auto, always or never");
  }
  return {};
}

Format OutputOptions::format() const noexcept { return json ? Format::json : ndjson ? Format::ndjson : Format::text; }

void OutputOptions::apply(Context& context) const {
  if (color == "auto") return;
  context.out.set_colour(color == "always");
  context.err.set_colour(color == "always");
}

void AddressOptions::define(CLI::App& app) {
  app.add_flag("-4,--ipv4", v4_only, "Use IPv4 only")->group("Addresses");
  app.add_flag("-6,--ipv6", v6_only, "Use IPv6 only")->group("Addresses");
  app.add_flag("-n,--numeric", numeric, "Resolve no names")->group("Addresses");
}

Result<void> AddressOptions::settle() const {
  if (v4_only && v6_only) return usage_error("-4 and -6", "choose one of them, or neither for both");
  return {};
}

std::optional<Family> AddressOptions::family() const noexcept {
  if (v4_only) return Family::v4;
  if (v6_only) return Family::v6;
  return std::nullopt;
}

std::unexpected<Error> in_option(std::string_view option, Error error) {
  error.attempt = std::string(option) + (error.attempt.empty() ? "" : ": " + error.attempt);
  return std::unexpected(std::move(error));
}

std::string refuse_empty(const std::string& word) { return word.empty() ? "needs a value, not an empty word" : ""; }

Result<Duration> settle_duration(std::string_view option, const std::string& text, Duration otherwise) {
  if (text.empty()) return otherwise;
  auto duration = parse_duration(text);
  if (!duration) return in_option(option, std::move(duration).error());
  return *duration;
}

}  // namespace tcp::cmd
