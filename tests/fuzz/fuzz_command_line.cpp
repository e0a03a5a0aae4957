// SPDX-License-Identifier: MIT
// Words separated by NUL, as a command line: it is understood or refused, and nothing else happens.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "cmd/command.hpp"

namespace {

constexpr std::size_t kMostWords = 64;

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < text.size() && words.size() < kMostWords) {
    const std::size_t end = std::min(text.find('\0', begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto invocation = tcp::cmd::parse_command_line(split(std::string(data, data + size)));
  if (!invocation) {
    // A refusal is a usage error, and says what it refuses.
    if (!invocation.error().is(tcp::Errc::invalid_input) || invocation.error().message().empty()) std::abort();
  } else if (invocation->command == nullptr && invocation->text.empty()) {
    std::abort();
  }
  return 0;
}
