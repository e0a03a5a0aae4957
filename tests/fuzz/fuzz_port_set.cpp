// SPDX-License-Identifier: MIT
// A list of ports: what is accepted keeps its promises and survives being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "libtcp/ports/port_set.hpp"
#include "libtcp/ports/registry.hpp"
#include "libtcp/ports/service_pattern.hpp"

namespace {

using namespace tcp::ports;

// The list of near names for a word that is unknown costs more than all the rest.
tcp::Result<PortSet> lookup(std::string_view name) {
  if (name.find_first_of("*?") != std::string_view::npos) return find_services(name, Protocol::tcp);
  return ports_called(name, Protocol::tcp);
}

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const PortSet& set) {
  std::uint32_t index = 0;
  for (const std::uint16_t port : set) {
    require(set.contains(port));
    require(set[index++] == port);
  }
  require(index == set.count());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto set = parse_port_set({reinterpret_cast<const char*>(data), size}, lookup);
  if (!set) {
    require(set.error().is(tcp::Errc::invalid_input) && !set.error().message().empty());
    return 0;
  }
  check(*set);
  if (set->empty()) return 0;
  const auto again = parse_port_set(to_string(*set), lookup);
  require(again && *again == *set);
  return 0;
}
