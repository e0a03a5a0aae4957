// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "libtcp/base/open_beneath.hpp"
#include "libtcp/stream/transfer_paths.hpp"

namespace tcp::stream {
namespace {

constexpr int kDirectory = O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kModeBits = 0777;
// Measured: with 1 MiB at a time the system time is half as much again in a virtual machine that reports free memory to
// its host, and the page cache of a large write is made of just such blocks.
constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;

std::array<timespec, 2> times_of(const TransferEntry& entry) {
  return {timespec{0, UTIME_OMIT},
          timespec{static_cast<time_t>(entry.modified_s), static_cast<long>(entry.modified_ns)}};
}

// Where there is no openat2(2): the same one component after the other. None of them is "..".
UniqueFd walk_beneath(int top, std::string_view rest) {
  UniqueFd here(::openat(top, ".", kDirectory));
  while (here && !rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string component(rest.substr(0, slash));
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    here.reset(::openat(here.get(), component.c_str(), kDirectory));
  }
  return here;
}

// Ours to go on with: a file that nobody else has a name for.
bool is_own_part(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == ::geteuid();
}

// Never replaces what is there. A file system that cannot say so may still have hard links, which do not either.
bool rename_once(int parent, const std::string& from, const std::string& to) {
  if (::renameat2(parent, from.c_str(), parent, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  if (::linkat(parent, from.c_str(), parent, to.c_str(), 0) != 0) return false;
  return ::unlinkat(parent, from.c_str(), 0) == 0;
}

}  // namespace

Result<void> PartialFile::write(std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const std::size_t piece = std::min(bytes.size(), kPieceBytes);
    const ssize_t some = ::pwrite(file_.get(), bytes.data(), piece, static_cast<off_t>(offset));
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return system_error("write " + name_);
    bytes = bytes.subspan(static_cast<std::size_t>(some));
    offset += static_cast<std::uint64_t>(some);
  }
  return {};
}

Result<void> PartialFile::cut(std::uint64_t size) {
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) return system_error("write " + name_);
  return {};
}

Result<void> PartialFile::finish(const TransferEntry& entry, bool replaces, bool sync) {
  const auto times = times_of(entry);
  if (::fchmod(file_.get(), entry.mode & kModeBits) != 0) return system_error("set the mode of " + name_);
  if (::futimens(file_.get(), times.data()) != 0) return system_error("set the time of " + name_);
  if (sync && ::fsync(file_.get()) != 0) return system_error("write " + name_);
  const bool is_renamed = replaces ? ::renameat(parent_.get(), part_.c_str(), parent_.get(), name_.c_str()) == 0
                                   : rename_once(parent_.get(), part_, name_);
  if (!is_renamed) return system_error("name " + name_);
  if (!sync) return {};
  const UniqueFd listing(::openat(parent_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!listing || ::fsync(listing.get()) != 0) return system_error("write the directory of " + name_);
  return {};
}

void PartialFile::remove() { ::unlinkat(parent_.get(), part_.c_str(), 0); }

Result<TransferDirectory> TransferDirectory::open(const std::string& path) {
  if (::mkdir(path.c_str(), kModeBits) != 0 && errno != EEXIST) return system_error("receive into " + path);
  UniqueFd top(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top) return system_error("receive into " + path);
  if (::faccessat(top.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) return system_error("receive into " + path);
  return TransferDirectory(path, std::move(top));
}

UniqueFd TransferDirectory::open_beneath(const std::string& path) const {
  UniqueFd opened = tcp::open_beneath(top_.get(), path.empty() ? "." : path.c_str(), kDirectory, Links::refused);
  if (!opened && errno == ENOSYS) return walk_beneath(top_.get(), path);
  return opened;
}

Result<int> TransferDirectory::parent_of(const std::string& path) {
  const std::string_view parent = parent_path(path);
  if (last_ && last_path_ == parent) return last_.get();
  last_path_ = parent;
  last_ = open_beneath(last_path_);
  if (!last_) return system_error("open the directory of " + path, errno == ELOOP ? ENOTDIR : errno);
  return last_.get();
}

Result<std::optional<TransferDirectory::Found>> TransferDirectory::find(const std::string& path, bool opens) {
  TCP_TRY_ASSIGN(parent, parent_of(path));
  const std::string name(last_component(path));
  Found found;
  if (::fstatat(parent, name.c_str(), &found.status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return system_error("look at " + path);
  }
  if (opens && S_ISREG(found.status.st_mode)) {
    found.file = UniqueFd(::openat(parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!found.file || ::fstat(found.file.get(), &found.status) != 0) return system_error("read " + path);
  }
  return found;
}

Result<std::optional<TransferDirectory::Found>> TransferDirectory::find_part(const std::string& path) {
  TCP_TRY_ASSIGN(parent, parent_of(path));
  const std::string part = partial_name(last_component(path));
  Found found;
  found.file = UniqueFd(::openat(parent, part.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!found.file || ::fstat(found.file.get(), &found.status) != 0 || !is_own_part(found.status)) return std::nullopt;
  return found;
}

// A name that somebody put there on purpose (a link, a device) is taken away, and never opened.
Result<PartialFile> TransferDirectory::open_part(const std::string& path, bool keep) {
  TCP_TRY_ASSIGN(parent, parent_of(path));
  PartialFile partial;
  partial.name_ = last_component(path);
  partial.part_ = partial_name(partial.name_);
  partial.parent_ = UniqueFd(::fcntl(parent, F_DUPFD_CLOEXEC, 0));
  if (!partial.parent_) return system_error("open the directory of " + path);
  constexpr int kCommon = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const char* part = partial.part_.c_str();
  partial.file_ = UniqueFd(::openat(parent, part, kCommon | O_CREAT | O_EXCL, kOwnerOnly));
  if (!partial.file_ && errno == EEXIST) {
    struct stat status{};
    UniqueFd old(::openat(parent, part, kCommon));
    const bool is_ours = old && ::fstat(old.get(), &status) == 0 && is_own_part(status);
    if (is_ours && ::flock(old.get(), LOCK_EX | LOCK_NB) != 0) return system_error("receive " + path, EBUSY);
    if (is_ours && keep) {
      partial.file_ = std::move(old);
      return partial;
    }
    if (::unlinkat(parent, part, 0) != 0) return system_error("write " + path);
    partial.file_ = UniqueFd(::openat(parent, part, kCommon | O_CREAT | O_EXCL, kOwnerOnly));
  }
  if (!partial.file_) return system_error("write " + path);
  if (::flock(partial.file_.get(), LOCK_EX | LOCK_NB) != 0) return system_error("receive " + path, EBUSY);
  return partial;
}

Result<void> TransferDirectory::make_directory(const TransferEntry& entry) {
  TCP_TRY_ASSIGN(parent, parent_of(entry.path));
  const std::string name(last_component(entry.path));
  constexpr mode_t kWhileItFills = 0700;
  if (::mkdirat(parent, name.c_str(), kWhileItFills) == 0) return {};
  if (errno != EEXIST) return system_error("make " + entry.path);
  struct stat status{};
  if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return system_error("make " + entry.path);
  if (!S_ISDIR(status.st_mode)) return system_error("make " + entry.path, EEXIST);
  return {};
}

// By a descriptor for reading: mode and time of a name could be those of what somebody puts in its place.
Result<void> TransferDirectory::finish_directory(const TransferEntry& entry) {
  TCP_TRY_ASSIGN(parent, parent_of(entry.path));
  const std::string name(last_component(entry.path));
  const UniqueFd directory(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return system_error("open " + entry.path);
  const auto times = times_of(entry);
  if (::futimens(directory.get(), times.data()) != 0) return system_error("set the time of " + entry.path);
  if (::fchmod(directory.get(), entry.mode & kModeBits) != 0) return system_error("set the mode of " + entry.path);
  return {};
}

Result<bool> TransferDirectory::make_link(const TransferEntry& entry, bool replaces) {
  TCP_TRY_ASSIGN(parent, parent_of(entry.path));
  const std::string name(last_component(entry.path));
  std::string old(entry.target.size() + 1, '\0');
  const ssize_t length = ::readlinkat(parent, name.c_str(), old.data(), old.size());
  if (length >= 0 && old.substr(0, static_cast<std::size_t>(length)) == entry.target) return false;
  const std::string part = partial_name(name);
  if (::unlinkat(parent, part.c_str(), 0) != 0 && errno != ENOENT) return system_error("make " + entry.path);
  if (::symlinkat(entry.target.c_str(), parent, part.c_str()) != 0) return system_error("make " + entry.path);
  const auto times = times_of(entry);
  (void)::utimensat(parent, part.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);  // not every file system has such times
  const bool is_renamed =
      replaces ? ::renameat(parent, part.c_str(), parent, name.c_str()) == 0 : rename_once(parent, part, name);
  if (is_renamed) return true;
  const int why = errno;
  ::unlinkat(parent, part.c_str(), 0);
  return system_error("make " + entry.path, why);
}

bool TransferDirectory::is_gone() const {
  struct stat status{};
  return ::fstat(top_.get(), &status) != 0 || status.st_nlink == 0;
}

}  // namespace tcp::stream
