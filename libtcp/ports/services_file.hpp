// SPDX-License-Identifier: MIT
// What this host calls its ports: services(5), usually /etc/services.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/ports/protocol.hpp"

namespace tcp::ports {

struct LocalService {
  std::string name;
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  std::vector<std::string> aliases;

  // Its name or one of its aliases, any case.
  [[nodiscard]] bool is_called(std::string_view word) const noexcept;
};

inline constexpr const char* kServicesFile = "/etc/services";

// In the order of the text. A line that is no service (broken, a foreign protocol, names with control characters) is
// passed over; at most 100,000 lines are looked at.
[[nodiscard]] std::vector<LocalService> parse_services(std::string_view text);

// Reads at most 4 MiB. A missing file has no services. Errors: the kernel's.
[[nodiscard]] Result<std::vector<LocalService>> read_services(const char* path = kServicesFile);

}  // namespace tcp::ports
