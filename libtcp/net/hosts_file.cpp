// SPDX-License-Identifier: MIT
#include "libtcp/net/hosts_file.hpp"

#include <algorithm>
#include <fstream>

#include "libtcp/base/ip_address.hpp"

namespace tcp::net {
namespace {

constexpr std::string_view kBlank = " \t\r\v\f";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

// Takes the first word out of `line`; empty when there is none.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

bool hosts_line_names(std::string_view line, std::string_view host) {
  line = line.substr(0, line.find('#'));
  if (const std::string_view address = take_word(line); address.empty() || !parse_ip_address(address)) return false;
  for (std::string_view name = take_word(line); !name.empty(); name = take_word(line)) {
    if (same_name(name, host)) return true;
  }
  return false;
}

bool hosts_file_names(const std::string& host, const std::string& path) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (hosts_line_names(line, host)) return true;
  }
  return false;
}

}  // namespace tcp::net
