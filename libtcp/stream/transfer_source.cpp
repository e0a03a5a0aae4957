// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/transfer_file.hpp"
#include "libtcp/stream/transfer_paths.hpp"

namespace tcp::stream {
namespace {

constexpr mode_t kModeBits = 0777;

std::string_view kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "link";
    case S_IFIFO: return "FIFO";
    case S_IFSOCK: return "socket";
    case S_IFCHR: return "character device";
    case S_IFBLK: return "block device";
    default: return "unknown";
  }
}

Transferred lost(const SourceItem& item, TransferOutcome outcome, std::string kind, std::string reason) {
  Transferred event = transferred(item.entry);
  event.kind = std::move(kind);
  event.outcome = outcome;
  event.reason = std::move(reason);
  return event;
}

std::string reason_of(int error_number) { return std::generic_category().message(error_number); }

void describe(const struct stat& status, TransferEntry& entry) {
  entry.mode = status.st_mode & kModeBits;
  entry.modified_s = status.st_mtim.tv_sec;
  entry.modified_ns = static_cast<std::uint32_t>(status.st_mtim.tv_nsec);
  entry.size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// What "dir/", "." and a link are called, and where they are.
Result<std::pair<std::string, std::string>> name_root(const std::string& path) {
  const std::string attempt = "send " + path;
  struct stat status{};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return system_error(attempt, path.empty() ? ENOENT : errno);
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), std::free);
  if (!real) return system_error(attempt);
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.pop_back();
  std::string name(last_component(trimmed));
  if (name.empty() || name == "." || name == "..") name = last_component(real.get());
  if (name.empty()) return make_error(Errc::invalid_input, attempt, "has no name of its own; name what is in it");
  if (const auto reason = check_transfer_path(name)) {
    return make_error(Errc::invalid_input, attempt, "its name " + std::string(*reason));
  }
  return std::pair(std::move(name), std::string(real.get()));
}

}  // namespace

Result<TransferSource> TransferSource::open(const std::vector<std::string>& paths) {
  TransferSource source;
  for (const std::string& path : paths) {
    TCP_TRY_ASSIGN(named, name_root(path));
    const auto has_name = [&](const Root& root) { return root.name == named.first; };
    if (std::ranges::any_of(source.roots_, has_name)) {
      return make_error(Errc::invalid_input, "send " + path, "another one is called " + named.first + " too");
    }
    source.roots_.push_back({std::move(named.first), std::move(named.second)});
  }
  return source;
}

TransferSource::Next TransferSource::next() {
  while (!levels_.empty()) {
    Level& level = levels_.back();
    errno = 0;
    const dirent* found = ::readdir(level.directory.get());
    if (found == nullptr) {
      const int why = errno;
      SourceItem item{{}, level.local};
      item.entry.path = std::move(level.path);
      levels_.pop_back();
      if (why != 0) return lost(item, TransferOutcome::failed, "directory", "read: " + reason_of(why));
      continue;
    }
    const std::string name = found->d_name;
    if (name == "." || name == "..") continue;
    return visit(level.path + "/" + name, level.local + "/" + name, ::dirfd(level.directory.get()), name, false);
  }
  if (next_root_ == roots_.size()) return std::monostate();
  const Root& root = roots_[next_root_++];
  return visit(root.name, root.local, AT_FDCWD, root.local, true);
}

TransferSource::Next TransferSource::visit(std::string path, std::string local, int parent, const std::string& name,
                                           bool is_root) {
  SourceItem item{{}, std::move(local)};
  item.entry.path = std::move(path);
  struct stat status{};
  if (::fstatat(parent, name.c_str(), &status, is_root ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
    return lost(item, TransferOutcome::failed, "unknown", reason_of(errno));
  }
  describe(status, item.entry);
  if (const auto reason = check_transfer_path(item.entry.path)) {
    return lost(item, TransferOutcome::skipped, std::string(kind_of(status.st_mode)),
                "its path " + std::string(*reason));
  }
  if (S_ISREG(status.st_mode)) return item;
  if (S_ISDIR(status.st_mode)) return enter(std::move(item), parent, name, is_root);
  if (S_ISLNK(status.st_mode)) return look_at_link(std::move(item), parent, name);
  const std::string kind(kind_of(status.st_mode));
  return lost(item, TransferOutcome::skipped, kind, "is a " + kind);
}

TransferSource::Next TransferSource::enter(SourceItem item, int parent, const std::string& name, bool is_root) {
  item.entry.kind = TransferKind::directory;
  UniqueFd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (is_root ? 0 : O_NOFOLLOW)));
  DIR* directory = fd ? ::fdopendir(fd.get()) : nullptr;
  if (directory == nullptr) return lost(item, TransferOutcome::failed, "directory", "read: " + reason_of(errno));
  (void)fd.release();
  levels_.push_back({std::unique_ptr<DIR, CloseDirectory>(directory), item.entry.path, item.local});
  return item;
}

TransferSource::Next TransferSource::look_at_link(SourceItem item, int parent, const std::string& name) const {
  std::string target(kMostTransferPathBytes + 1, '\0');
  const ssize_t length = ::readlinkat(parent, name.c_str(), target.data(), target.size());
  if (length < 0) return lost(item, TransferOutcome::failed, "link", "read: " + reason_of(errno));
  target.resize(static_cast<std::size_t>(length));
  if (const auto reason = check_link_target(item.entry.path, target)) {
    return lost(item, TransferOutcome::skipped, "link", "its target " + target + " " + std::string(*reason));
  }
  item.entry.kind = TransferKind::link;
  item.entry.target = std::move(target);
  return item;
}

TransferPlanned TransferSource::count() {
  TransferPlanned planned;
  planned.is_sender = true;
  for (;;) {
    const Next found = next();
    if (std::holds_alternative<std::monostate>(found)) return planned;
    const auto* item = std::get_if<SourceItem>(&found);
    if (item == nullptr) continue;
    ++planned.entries;
    planned.bytes += item->entry.size;
  }
}

}  // namespace tcp::stream
