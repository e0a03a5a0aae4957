// SPDX-License-Identifier: MIT
// What `scan` shows, in which formats, and where.
#pragma once

#include <string>
#include <vector>

#include "cmd/options.hpp"

namespace tcp::cmd {

enum class ScanFormat : unsigned char { text, json, ndjson, csv, xml, greppable, html };

struct ScanOutputFile {
  ScanFormat format = ScanFormat::text;
  std::string path;
};

struct ScanOutputOptions {
  bool open_only = false;
  bool verbose = false;
  bool stream = false;
  bool progress = false;
  bool list = false;
  bool csv = false;
  bool xml = false;
  bool greppable = false;
  bool html = false;
  std::string baseline;
  std::vector<std::string> file_words;
  OutputOptions common;

  std::vector<ScanOutputFile> files;  // once settled

  void define(CLI::App& app);
  // Errors: two formats for standard output, options at odds; a FORMAT=FILE that is none.
  [[nodiscard]] Result<void> settle();
  // Of standard output.
  [[nodiscard]] ScanFormat format() const noexcept;
};

}  // namespace tcp::cmd
