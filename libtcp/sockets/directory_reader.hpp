// SPDX-License-Identifier: MIT
// The names in a directory, without memory for each: getdents64(2) by hand.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "libtcp/base/unique_fd.hpp"

namespace tcp::sockets {

class DirectoryReader {
 public:
  // Reads from the beginning. Without a directory there are no names.
  void open(UniqueFd directory);
  // Good until the next call; null at the end, which closes the directory.
  [[nodiscard]] const char* next();
  // Of the last one.
  [[nodiscard]] std::uint64_t inode() const noexcept { return inode_; }
  [[nodiscard]] bool is_directory() const noexcept;

  [[nodiscard]] int fd() const noexcept { return directory_.get(); }
  void close() noexcept;

 private:
  [[nodiscard]] bool refill();

  UniqueFd directory_;
  std::unique_ptr<std::array<char, 32768>> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint64_t inode_ = 0;
  std::uint8_t type_ = 0;
};

// Empty when there is none; errno says why.
[[nodiscard]] UniqueFd open_directory(int at, const char* path);

}  // namespace tcp::sockets
