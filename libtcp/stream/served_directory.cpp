// SPDX-License-Identifier: MIT
#include "libtcp/stream/served_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "libtcp/base/open_beneath.hpp"
#include "libtcp/stream/http_path.hpp"

namespace tcp::stream {
namespace {

bool is_served_kind(const struct stat& status) { return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode); }

// A link is what it leads to; one that leads outside is not listed as a directory.
bool is_directory(int directory, const dirent& entry) {
  if (entry.d_type == DT_DIR) return true;
  if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return false;
  return static_cast<bool>(open_beneath(directory, entry.d_name, O_PATH | O_DIRECTORY, Links::followed));
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Result<ServedDirectory> ServedDirectory::open(const std::string& path) {
  UniqueFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return system_error("serve " + path);
  if (!open_beneath(root.get(), ".", O_PATH, Links::followed)) return system_error("serve " + path + " (openat2)");
  return ServedDirectory(std::move(root));
}

std::expected<ServedDirectory::Found, int> ServedDirectory::find(const std::string& name) const {
  const char* const path = name.empty() ? "." : name.c_str();
  Found found;
  // What it is comes first: opening a device may do things to it.
  const UniqueFd looked = open_beneath(root_.get(), path, O_PATH, Links::followed);
  if (!looked || ::fstat(looked.get(), &found.status) != 0) return std::unexpected(errno);
  if (!is_served_kind(found.status)) return std::unexpected(EACCES);
  found.descriptor = open_beneath(root_.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY, Links::followed);
  if (!found.descriptor || ::fstat(found.descriptor.get(), &found.status) != 0) return std::unexpected(errno);
  if (!is_served_kind(found.status)) return std::unexpected(EACCES);
  return found;
}

std::expected<std::vector<DirectoryEntry>, int> list_directory(const UniqueFd& directory, std::size_t most) {
  UniqueFd own(::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return std::unexpected(errno);
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(own.get()));
  if (!stream) return std::unexpected(errno);
  const int fd = own.release();  // the stream's from here on
  std::vector<DirectoryEntry> entries;
  while (entries.size() < most) {
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    if (is_served_name(entry->d_name)) entries.push_back({entry->d_name, is_directory(fd, *entry)});
  }
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

}  // namespace tcp::stream
