// SPDX-License-Identifier: MIT
#include "libtcp/sockets/owners.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <string_view>

#include "libtcp/base/parse.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::sockets {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Directory open_directory(int at, const char* path) {
  UniqueFd fd(::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return nullptr;
  Directory directory(::fdopendir(fd.get()));
  if (directory) (void)fd.release();  // closedir closes it from now on
  return directory;
}

// "socket:[12345]" is what the kernel writes.
std::optional<std::uint32_t> socket_inode(std::string_view link) {
  constexpr std::string_view kPrefix = "socket:[";
  if (!link.starts_with(kPrefix) || !link.ends_with(']')) return std::nullopt;
  return parse_unsigned<std::uint32_t>(link.substr(kPrefix.size(), link.size() - kPrefix.size() - 1));
}

std::optional<std::uint32_t> read_socket_inode(int directory, const char* name) {
  char link[64];
  const ssize_t length = ::readlinkat(directory, name, link, sizeof link);
  if (length <= 0) return std::nullopt;
  return socket_inode({link, static_cast<std::size_t>(length)});
}

std::string read_name(int proc, const std::string& process) {
  const UniqueFd fd(::openat(proc, (process + "/comm").c_str(), O_RDONLY | O_CLOEXEC));
  char name[64];
  const ssize_t length = fd ? ::read(fd.get(), name, sizeof name) : 0;
  const std::string_view text(name, length > 0 ? static_cast<std::size_t>(length) : 0);
  return std::string(text.substr(0, text.find('\n')));
}

class Search {
 public:
  Search(std::span<const std::uint32_t> inodes, DIR* proc) : wanted_(inodes.begin(), inodes.end()), proc_(proc) {
    wanted_.erase(0);  // nobody's
  }

  Owners run() {
    while (!wanted_.empty()) {
      const dirent* entry = ::readdir(proc_);
      if (entry == nullptr) break;
      const auto pid = parse_unsigned<std::uint32_t>(entry->d_name);
      if (pid) search_process(static_cast<pid_t>(*pid), entry->d_name);
    }
    return std::move(owners_);
  }

 private:
  void search_process(pid_t pid, const std::string& process) {
    const Directory descriptors = open_directory(::dirfd(proc_), (process + "/fd").c_str());
    if (!descriptors) {
      if (errno == EACCES || errno == EPERM) ++owners_.forbidden;
      return;
    }
    while (!wanted_.empty()) {
      const dirent* entry = ::readdir(descriptors.get());
      if (entry == nullptr) return;
      const auto inode = read_socket_inode(::dirfd(descriptors.get()), entry->d_name);
      if (!inode || wanted_.erase(*inode) == 0) continue;
      owners_.by_inode[*inode] = {pid, read_name(::dirfd(proc_), process)};
    }
  }

  std::set<std::uint32_t> wanted_;
  DIR* proc_;
  Owners owners_;
};

}  // namespace

const Owner* Owners::find(std::uint32_t inode) const {
  const auto owner = by_inode.find(inode);
  return owner == by_inode.end() ? nullptr : &owner->second;
}

Owners find_owners(std::span<const std::uint32_t> inodes, const char* proc) {
  const Directory directory = open_directory(AT_FDCWD, proc);
  return directory ? Search(inodes, directory.get()).run() : Owners{};
}

}  // namespace tcp::sockets
