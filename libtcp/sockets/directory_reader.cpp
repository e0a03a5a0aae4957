// SPDX-License-Identifier: MIT
#include "libtcp/sockets/directory_reader.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace tcp::sockets {
namespace {

// What the kernel writes before each name; glibc has it as dirent64 with a name of fixed size.
struct Entry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
};
constexpr std::size_t kNameOffset = offsetof(Entry, type) + 1;

}  // namespace

UniqueFd open_directory(int at, const char* path) {
  return UniqueFd(::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

void DirectoryReader::open(UniqueFd directory) {
  directory_ = std::move(directory);
  at_ = end_ = 0;
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::array<char, 32768>>();
}

void DirectoryReader::close() noexcept {
  directory_.reset();
  at_ = end_ = 0;
}

bool DirectoryReader::is_directory() const noexcept { return type_ == DT_DIR; }

bool DirectoryReader::refill() {
  at_ = end_ = 0;
  if (!directory_) return false;
  const long length = ::syscall(SYS_getdents64, directory_.get(), buffer_->data(), buffer_->size());
  if (length > 0) end_ = std::min(static_cast<std::size_t>(length), buffer_->size());
  if (end_ == 0) directory_.reset();
  return end_ > 0;
}

const char* DirectoryReader::next() {
  if (at_ >= end_ && !refill()) return nullptr;
  Entry entry{};
  std::memcpy(&entry, buffer_->data() + at_, std::min(kNameOffset, end_ - at_));
  if (entry.length <= kNameOffset || entry.length > end_ - at_) {  // no kernel does that
    close();
    return nullptr;
  }
  const char* name = buffer_->data() + at_ + kNameOffset;
  inode_ = entry.inode;
  type_ = entry.type;
  at_ += entry.length;
  return name;
}

}  // namespace tcp::sockets
