// SPDX-License-Identifier: MIT
// A line of hosts(5) from anyone; a name is found only where it stands.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "libtcp/net/hosts_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (tcp::net::hosts_line_names(line, "host") && line.size() < std::string_view(":: host").size()) std::abort();
  if (tcp::net::hosts_line_names(line, "")) std::abort();
  return 0;
}
