// SPDX-License-Identifier: MIT
#include "libtcp/net/tracefs.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tcp::net {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} * 1024;  // a format file has 2 KiB

UniqueFd call(long number, auto... arguments) { return UniqueFd(static_cast<int>(::syscall(number, arguments...))); }

UniqueFd open_mounted(const char* path) {
  UniqueFd directory(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory && ::faccessat(directory.get(), "events", F_OK, 0) == 0) return directory;
  return {};
}

// fsopen(2) and fsmount(2): glibc knows them from 2.36 on, the kernel from 5.2.
Result<UniqueFd> mount_detached() {
  const std::string attempt = "mount tracefs";
  const UniqueFd context = call(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
  if (!context) return system_error(attempt);
  if (::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return system_error(attempt);
  }
  UniqueFd mounted = call(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (!mounted) return system_error(attempt);
  return mounted;
}

}  // namespace

Result<UniqueFd> open_tracefs() {
  for (const char* path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (UniqueFd mounted = open_mounted(path)) return mounted;
  }
  auto mounted = mount_detached();
  if (!mounted && mounted.error().is(std::errc::operation_not_permitted)) {
    return make_error(Errc::not_permitted, "open tracefs", "it is readable to root only", "run as root");
  }
  return mounted;
}

Result<std::string> read_tracefs(int tracefs, const std::string& path) {
  const UniqueFd fd(::openat(tracefs, path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return make_error(Errc::not_found, "read " + path, "this kernel does not have it");
  if (!fd) return system_error("read " + path);
  std::string text(kMostBytes, '\0');
  std::size_t size = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0) return system_error("read " + path);
    size += static_cast<std::size_t>(got);
  } while (got > 0 && size < text.size());
  text.resize(size);
  return text;
}

}  // namespace tcp::net
