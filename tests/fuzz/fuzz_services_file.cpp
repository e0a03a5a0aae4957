// SPDX-License-Identifier: MIT
// services(5) text from anyone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "libtcp/ports/services_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& service : tcp::ports::parse_services({reinterpret_cast<const char*>(data), size})) {
    if (service.name.empty() || service.name.size() > 64 || !service.is_called(service.name)) std::abort();
    if (service.aliases.size() > 16) std::abort();
  }
  return 0;
}
