// SPDX-License-Identifier: MIT
// One line that is drawn again and again on a terminal; elsewhere each drawing is a line of its own.
#pragma once

#include <string>

#include "cmd/output/output.hpp"

namespace tcp::cmd {

class StatusLine {
 public:
  explicit StatusLine(Output& out) : out_(out) {}

  // ASCII, narrower than the terminal. What is there is written over.
  void draw(const std::string& line);
  // Before anybody else writes there.
  void clear();

 private:
  Output& out_;
  std::size_t drawn_ = 0;  // columns that are on the terminal's line now
};

}  // namespace tcp::cmd
