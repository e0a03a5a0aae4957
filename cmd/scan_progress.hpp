// SPDX-License-Identifier: MIT
// How far a scan is, on standard error: drawn on a terminal, now and then a line elsewhere, and a line for who asks.
#pragma once

#include <string>

#include "cmd/output/status_line.hpp"
#include "cmd/terminal_keys.hpp"
#include "libtcp/scan/scan.hpp"

namespace tcp::cmd {

// "42 % of 65535 ports, 12345/s, loss 1.2 %, 12 open, 0:03 left": at most `width` columns, ASCII.
[[nodiscard]] std::string progress_text(const scan::Progress& progress, std::size_t width);

class ScanProgress {
 public:
  // `always`: also where `err` is no terminal. `keys`: standard input is nobody else's.
  ScanProgress(Output& err, bool always, bool keys)
      : err_(err), line_(err), shown_(always || err.terminal().is_terminal), keys_(keys) {}

  void update(const scan::Progress& progress);
  // Before anybody else writes to the terminal.
  void clear() { line_.clear(); }

 private:
  Output& err_;
  StatusLine line_;
  bool shown_;
  TerminalKeys keys_;
  Duration drawn_at_{};
};

}  // namespace tcp::cmd
