// SPDX-License-Identifier: MIT
// The descriptors that a conversation is joined with, and how messages call them.
#pragma once

#include <string>

namespace tcp::stream {

struct LocalDescriptors {
  int input = 0;   // borrowed
  int output = 1;  // borrowed; leads to /dev/null once its end has been signalled
  std::string input_name = "standard input";
  std::string output_name = "standard output";
};

}  // namespace tcp::stream
