// SPDX-License-Identifier: MIT
#include "libtcp/stream/descriptor_kind.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace tcp::stream {
namespace {

DescriptorKind character_device_kind(int fd, dev_t device) {
  if (device == makedev(1, 3)) return DescriptorKind::null;  // Linux's device numbers are an ABI
  return ::isatty(fd) == 1 ? DescriptorKind::terminal : DescriptorKind::device;
}

}  // namespace

Result<DescriptorKind> descriptor_kind(int fd, const std::string& name) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return system_error("look at " + name);
  switch (status.st_mode & S_IFMT) {
    case S_IFIFO: return DescriptorKind::pipe;
    case S_IFSOCK: return DescriptorKind::socket;
    case S_IFCHR: return character_device_kind(fd, status.st_rdev);
    default: return DescriptorKind::file;
  }
}

}  // namespace tcp::stream
