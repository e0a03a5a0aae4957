// SPDX-License-Identifier: MIT
#include "cmd/output/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "cmd/output/output.hpp"

namespace tcp::cmd {
namespace {

constexpr mode_t kMode = 0666;  // less the umask
constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;

bool is_regular(int fd) {
  struct stat status{};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real == nullptr ? path : std::string(real.get());
}

Result<void> write_all(int fd, const std::string& name, std::string_view content) {
  Output out(fd, name);
  out.write(content);
  return out.finish();
}

// Owner and mode are those of the file that is replaced. False: that is not permitted.
bool take_over(int from, int to) {
  struct stat old{};
  struct stat fresh{};
  if (::fstat(from, &old) != 0 || ::fstat(to, &fresh) != 0) return false;
  const bool ours = old.st_uid == fresh.st_uid && old.st_gid == fresh.st_gid;
  if (!ours && ::fchown(to, old.st_uid, old.st_gid) != 0) return false;
  return ::fchmod(to, old.st_mode & 07777) == 0;
}

}  // namespace

Result<std::unique_ptr<WholeFile>> WholeFile::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), kFlags | O_EXCL, kMode));
  const bool created = static_cast<bool>(fd);
  if (!created && errno == EEXIST) fd = UniqueFd(::open(path.c_str(), kFlags, kMode));
  if (!fd) return system_error("write " + path);
  return std::unique_ptr<WholeFile>(new WholeFile(path, resolved(path), std::move(fd), created));
}

WholeFile::~WholeFile() {
  if (created_) (void)::unlink(path_.c_str());
}

Result<void> WholeFile::write(std::string_view content) {
  if (!is_regular(fd_.get())) return write_all(fd_.get(), name_, content);
  TCP_TRY_ASSIGN(replaced, replace(content));
  if (!replaced) TCP_TRY(overwrite(content));
  created_ = false;
  return {};
}

Result<bool> WholeFile::replace(std::string_view content) {
  std::string temporary = path_ + ".XXXXXX";
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) {
    if (errno == EACCES || errno == EPERM) return false;
    return system_error("write " + name_);
  }
  if (!take_over(fd_.get(), fd.get())) {
    (void)::unlink(temporary.c_str());
    return false;
  }
  Result<void> written = write_all(fd.get(), name_, content);
  if (written && ::fsync(fd.get()) != 0) written = system_error("write " + name_);
  const bool renamed = written && ::rename(temporary.c_str(), path_.c_str()) == 0;
  const int why = errno;
  if (!renamed) (void)::unlink(temporary.c_str());
  if (!written) return std::unexpected(std::move(written).error());
  if (renamed) return true;
  if (why == EACCES || why == EPERM) return false;
  return system_error("write " + name_, why);
}

// The directory is somebody else's, which root without its capabilities meets too. The room is reserved first, so that
// a full disk leaves what is there.
Result<void> WholeFile::overwrite(std::string_view content) {
  const auto size = static_cast<off_t>(content.size());
  const bool reserved = ::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, size) == 0;
  if (!reserved && errno != EOPNOTSUPP && errno != ENOSYS) return system_error("write " + name_);
  TCP_TRY(write_all(fd_.get(), name_, content));
  if (::ftruncate(fd_.get(), size) != 0 || ::fsync(fd_.get()) != 0) return system_error("write " + name_);
  return {};
}

}  // namespace tcp::cmd
