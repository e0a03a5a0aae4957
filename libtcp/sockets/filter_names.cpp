// SPDX-License-Identifier: MIT
#include <linux/magic.h>
#include <net/if.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <string>
#include <vector>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/host.hpp"
#include "libtcp/net/resolver.hpp"
#include "libtcp/ports/registry.hpp"
#include "libtcp/sockets/filter.hpp"

namespace tcp::sockets {
namespace {

// Of several ports the one that is called so first of all.
std::optional<std::uint16_t> port_called(std::string_view service) {
  const ports::PortSet set = ports::ports_called(service, ports::Protocol::tcp);
  for (const std::uint16_t port : set) {
    if (ports::service_name(port, ports::Protocol::tcp) == service) return port;
  }
  return set.empty() ? std::nullopt : std::optional(set[0]);
}

std::optional<std::uint32_t> user_called(const std::string& user) {
  constexpr std::size_t kMostRecord = 1U << 20U;
  passwd record{};
  passwd* found = nullptr;
  for (std::vector<char> space(4096); space.size() <= kMostRecord; space.resize(space.size() * 4)) {
    const int error = ::getpwnam_r(user.c_str(), &record, space.data(), space.size(), &found);
    if (error != ERANGE) break;
  }
  return found == nullptr ? std::nullopt : std::optional<std::uint32_t>(record.pw_uid);
}

std::optional<std::uint32_t> interface_called(const std::string& interface) {
  const unsigned index = ::if_nametoindex(interface.c_str());
  return index == 0 ? std::nullopt : std::optional<std::uint32_t>(index);
}

// The ID of a cgroup is the inode number of its directory.
std::optional<std::uint64_t> cgroup_at(const std::string& path) {
  struct statfs file_system{};
  struct stat status{};
  if (::statfs(path.c_str(), &file_system) != 0 || file_system.f_type != CGROUP2_SUPER_MAGIC) return std::nullopt;
  if (::stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return std::nullopt;
  return status.st_ino;
}

// A path of the file system, or below the places where cgroup 2 is mounted.
std::optional<std::uint64_t> cgroup_called(const std::string& path) {
  const std::string below = path.starts_with('/') ? path : '/' + path;
  for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    if (const auto id = cgroup_at(mount + below)) return id;
  }
  return cgroup_at(path);
}

}  // namespace

FilterNames system_filter_names() {
  FilterNames names;
  names.addresses = [](const std::string& host) { return net::resolve(host); };
  names.port = port_called;
  names.user_id = user_called;
  names.interface_index = interface_called;
  names.cgroup_id = cgroup_called;
  names.ephemeral = net::read_host_ports().ephemeral;
  names.sees_marks = net::has(net::Capability::net_admin);
  return names;
}

}  // namespace tcp::sockets
