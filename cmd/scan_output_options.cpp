// SPDX-License-Identifier: MIT
#include "cmd/scan_output_options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

namespace tcp::cmd {
namespace {

struct FormatName {
  std::string_view name;
  ScanFormat format;
};

constexpr std::array kFormats{FormatName{"text", ScanFormat::text},     FormatName{"json", ScanFormat::json},
                              FormatName{"ndjson", ScanFormat::ndjson}, FormatName{"csv", ScanFormat::csv},
                              FormatName{"xml", ScanFormat::xml},       FormatName{"greppable", ScanFormat::greppable},
                              FormatName{"html", ScanFormat::html}};

Result<ScanOutputFile> parse_file(const std::string& word) {
  const std::size_t equals = word.find('=');
  const std::string_view name = std::string_view(word).substr(0, equals);
  const auto row = std::ranges::find(kFormats, name, &FormatName::name);
  if (equals == std::string::npos || row == kFormats.end() || equals + 1 == word.size()) {
    std::string names;
    for (const FormatName& format : kFormats) names += (names.empty() ? "" : ", ") + std::string(format.name);
    return usage_error("--output '" + word + "'", "must be FORMAT=FILE, where FORMAT is one of " + names);
  }
  return ScanOutputFile{row->format, word.substr(equals + 1)};
}

}  // namespace

void ScanOutputOptions::define(CLI::App& app) {
  const auto flag = [&app](const char* name, bool& where, const char* text) {
    app.add_flag(name, where, text)->group("Output");
  };
  flag("--open", open_only, "Show ports that are open or may be");
  flag("-v,--verbose", verbose, "Show every port and every host");
  flag("--stream", stream, "Show each result as it becomes known, not a table at the end");
  flag("--progress", progress, "Tell on standard error how far it is, also when that is no terminal");
  flag("--list", list, "Show what would be probed, and send nothing");
  app.add_option("--baseline", baseline, "Compare with the JSON output of an earlier scan and tell what has changed")
      ->type_name("FILE")
      ->group("Output");
  app.add_option("--output", file_words,
                 "Write a format to a file besides: FORMAT is text, json, ndjson, csv, xml, greppable or html")
      ->type_name("FORMAT=FILE")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->group("Output");
  flag("--csv", csv, "Comma-separated values on standard output");
  flag("--xml", xml, "The XML of nmap on standard output");
  flag("--greppable", greppable, "A line a host on standard output, as nmap -oG has it");
  flag("--html", html, "A page to sort and search, on standard output");
  common.define(app);
}

ScanFormat ScanOutputOptions::format() const noexcept {
  if (csv) return ScanFormat::csv;
  if (xml) return ScanFormat::xml;
  if (greppable) return ScanFormat::greppable;
  if (html) return ScanFormat::html;
  if (common.json) return ScanFormat::json;
  return common.ndjson ? ScanFormat::ndjson : ScanFormat::text;
}

Result<void> ScanOutputOptions::settle() {
  TCP_TRY(common.settle());
  const int formats = csv + xml + greppable + html + common.json + common.ndjson;
  if (formats > 1) {
    return usage_error("--json, --ndjson, --csv, --xml, --greppable and --html",
                       "choose one for standard output; --output FORMAT=FILE writes others");
  }
  if (stream && format() != ScanFormat::text) return usage_error("--stream", "is about text; --ndjson streams as well");
  for (const std::string& word : file_words) {
    TCP_TRY_ASSIGN(file, parse_file(word));
    files.push_back(std::move(file));
  }
  if (!list) return {};
  if (csv || xml || greppable || html || !files.empty() || !baseline.empty()) {
    return usage_error("--list", "shows text or --json or --ndjson, and compares with nothing");
  }
  return {};
}

}  // namespace tcp::cmd
