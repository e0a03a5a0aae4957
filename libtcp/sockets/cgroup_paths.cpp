// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "libtcp/sockets/cgroup.hpp"
#include "libtcp/sockets/directory_reader.hpp"

namespace tcp::sockets {
namespace {

constexpr std::size_t kMostCgroups = 200'000;
constexpr int kKernfsHandle = 0xfe;  // FILEID_KERNFS of the kernel: the 64-bit ID alone

bool is_cgroup2(int fd) {
  struct statfs status{};
  return fd >= 0 && ::fstatfs(fd, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

// A file_handle ends with bytes whose number it says.
struct KernfsHandle {
  unsigned size = sizeof(std::uint64_t);
  int type = kKernfsHandle;
  std::array<unsigned char, sizeof(std::uint64_t)> id{};
};
static_assert(sizeof(KernfsHandle) == sizeof(file_handle) + sizeof(std::uint64_t));

UniqueFd open_by_id(int mount, std::uint64_t id) {
  KernfsHandle handle;
  std::memcpy(handle.id.data(), &id, sizeof id);
  void* bytes = &handle;
  return UniqueFd(::open_by_handle_at(mount, static_cast<file_handle*>(bytes), O_PATH | O_CLOEXEC));
}

std::string path_of_descriptor(int fd) {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  return {path.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

// Empty when it is elsewhere, or has been removed.
std::string below(const std::string& path, const std::string& mount) {
  if (!path.starts_with(mount) || path.ends_with(" (deleted)")) return {};
  if (path.size() == mount.size()) return "/";
  return path[mount.size()] == '/' ? path.substr(mount.size()) : std::string();
}

}  // namespace

CgroupPaths::CgroupPaths(const char* mount) : mount_(mount == nullptr ? "" : mount) {}
CgroupPaths::CgroupPaths(CgroupPaths&&) noexcept = default;
CgroupPaths& CgroupPaths::operator=(CgroupPaths&&) noexcept = default;
CgroupPaths::~CgroupPaths() = default;

void CgroupPaths::open() {
  if (std::exchange(opened_, true)) return;
  const bool usual = mount_.empty();
  // With systemd's hybrid hierarchy it is in the second place.
  const std::vector<std::string> usual_mounts{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  for (const std::string& mount : usual ? usual_mounts : std::vector{mount_}) {
    root_ = open_directory(AT_FDCWD, mount.c_str());
    may_ask_ = is_cgroup2(root_.get());
    mount_ = path_of_descriptor(root_.get());  // as the kernel says it, without links
    if (may_ask_) return;
  }
  if (usual) root_.reset();
}

std::string_view CgroupPaths::path_of(std::uint64_t id) {
  open();
  if (!root_ || id == 0) return {};
  if (const auto known = paths_.find(id); known != paths_.end()) return known->second;
  std::string path;
  if (!may_ask_ || !ask(id, path)) {
    read_tree();
    const auto known = paths_.find(id);
    return known == paths_.end() ? std::string_view() : std::string_view(known->second);
  }
  return paths_.emplace(id, std::move(path)).first->second;
}

// False when it may not ask at all; an empty path: there is no such cgroup, or none that this process may see.
bool CgroupPaths::ask(std::uint64_t id, std::string& path) {
  const UniqueFd fd = open_by_id(root_.get(), id);
  if (!fd) return may_ask_ = errno == ESTALE || errno == ENOENT;
  path = below(path_of_descriptor(fd.get()), mount_);
  return true;
}

// The inode of a directory is the ID of its cgroup (Linux 5.5, 64-bit).
void CgroupPaths::read_tree() {
  if (std::exchange(tree_read_, true)) return;
  struct stat status{};
  if (::fstat(root_.get(), &status) == 0) paths_.emplace(status.st_ino, "/");
  std::vector<std::string> open{""};
  for (std::size_t read = 0; !open.empty() && read < kMostCgroups; ++read) {
    const std::string path = std::move(open.back());
    open.pop_back();
    std::unordered_map<std::uint64_t, std::string> found;
    read_directory(path, found);
    for (auto& [id, child] : found) {
      if (child.size() < PATH_MAX && open.size() < kMostCgroups) open.push_back(child);
      paths_.emplace(id, std::move(child));
    }
  }
}

void CgroupPaths::read_directory(const std::string& path, std::unordered_map<std::uint64_t, std::string>& found) const {
  DirectoryReader reader;
  reader.open(open_directory(root_.get(), path.empty() ? "." : path.c_str() + 1));
  while (const char* name = reader.next()) {
    const std::string_view text(name);
    if (reader.is_directory() && text != "." && text != "..") found.emplace(reader.inode(), path + '/' + name);
  }
}

}  // namespace tcp::sockets
