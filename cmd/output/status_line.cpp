// SPDX-License-Identifier: MIT
#include "cmd/output/status_line.hpp"

namespace tcp::cmd {

void StatusLine::draw(const std::string& line) {
  if (!out_.terminal().is_terminal) {
    out_.line(line);
    return;
  }
  std::string padded = "\r" + line;
  if (line.size() < drawn_) padded.append(drawn_ - line.size(), ' ');
  drawn_ = line.size();
  out_.write(padded);
  out_.flush();
}

void StatusLine::clear() {
  if (drawn_ == 0) return;
  out_.write("\r" + std::string(drawn_, ' ') + "\r");
  out_.flush();
  drawn_ = 0;
}

}  // namespace tcp::cmd
