// SPDX-License-Identifier: MIT
#include "libtcp/ports/common.hpp"

#include <algorithm>
#include <tuple>

namespace tcp::ports {

std::string_view to_string(Confidentiality confidentiality) noexcept {
  switch (confidentiality) {
    case Confidentiality::cleartext: return "cleartext";
    case Confidentiality::upgradable: return "upgradable";
    case Confidentiality::optional: return "optional";
    case Confidentiality::encrypted: return "encrypted";
  }
  return "unknown";
}

const CommonPort* find_common_port(std::uint16_t port, Protocol protocol) noexcept {
  const auto table = common_ports();
  const auto key = [](const CommonPort& common) { return std::tuple(common.port, common.protocol); };
  const auto row = std::ranges::lower_bound(table, std::tuple(port, protocol), {}, key);
  return row != table.end() && key(*row) == std::tuple(port, protocol) ? &*row : nullptr;
}

}  // namespace tcp::ports
