// SPDX-License-Identifier: MIT
#include "libtcp/ports/service_pattern.hpp"

#include "libtcp/ports/common.hpp"
#include "libtcp/ports/registry.hpp"
#include "libtcp/ports/text.hpp"

namespace tcp::ports {
namespace {

PortSet ports_matching(std::string_view pattern, Protocol protocol) {
  PortSet set;
  for (const CommonPort& common : common_ports()) {
    if (common.protocol == protocol && matches_pattern(pattern, common.name)) set.insert({common.port, common.port});
  }
  for (std::size_t i = 0; i < record_count(); ++i) {
    const Assignment assignment = record_at(i);
    if (assignment.name.empty() || !assignment.ports || !assignment.applies_to(protocol)) continue;
    if (matches_pattern(pattern, assignment.name)) set.insert(*assignment.ports);
  }
  return set;
}

}  // namespace

// On a mismatch the last '*' takes one character more; an earlier one never has to.
bool matches_pattern(std::string_view pattern, std::string_view name) noexcept {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || to_lower(pattern[p]) == to_lower(name[n]))) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// A few registered names hold a '*' of their own (sql*net): the name goes first.
Result<PortSet> find_services(std::string_view name_or_pattern, Protocol protocol) {
  if (name_or_pattern.find_first_of("*?") == std::string_view::npos)
    return find_service_ports(name_or_pattern, protocol);
  PortSet set = ports_called(name_or_pattern, protocol);
  if (set.empty()) set = ports_matching(name_or_pattern, protocol);
  if (!set.empty()) return set;
  return usage_error("service '" + std::string(name_or_pattern) + "'",
                     "no service with a " + std::string(to_string(protocol)) + " port is called that");
}

}  // namespace tcp::ports
