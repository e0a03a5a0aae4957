// SPDX-License-Identifier: MIT
// Names of cgroups are chosen by whoever may make one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "libtcp/sockets/cgroup.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view path = tcp::sockets::cgroup_from_text(text);
  if (!path.empty() && (path.data() < text.data() || path.data() + path.size() > text.data() + size)) std::abort();
  for (const std::string_view one : {path, text}) {
    const std::string_view unit = tcp::sockets::unit_of_cgroup(one);
    if (one.find(unit) == std::string_view::npos || unit.find('/') != std::string_view::npos) std::abort();
    const std::string whole = tcp::sockets::whole_container_of_cgroup(one);
    const std::string container = tcp::sockets::container_of_cgroup(one);
    if (!whole.starts_with(container) || container.empty() != whole.empty()) std::abort();
  }
  return 0;
}
