// SPDX-License-Identifier: MIT
// The files beneath a directory, and nothing outside of it, whatever names and symbolic links say (openat2(2),
// RESOLVE_BENEATH).
#pragma once

#include <sys/stat.h>

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::stream {

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
};

class ServedDirectory {
 public:
  // Errors: it is none, or cannot be read; a kernel before Linux 5.6.
  [[nodiscard]] static Result<ServedDirectory> open(const std::string& path);

  struct Found {
    UniqueFd descriptor;  // of a regular file or a directory
    struct stat status{};
  };
  // `name` is relative, without NUL; empty: the directory itself. Never waits. Errors: errno's, EACCES for what is
  // neither a file nor a directory, EXDEV for what is outside.
  [[nodiscard]] std::expected<Found, int> find(const std::string& name) const;

 private:
  explicit ServedDirectory(UniqueFd root) : root_(std::move(root)) {}

  UniqueFd root_;
};

// What of a directory is served, by name; at most `most`. Errors: errno's.
[[nodiscard]] std::expected<std::vector<DirectoryEntry>, int> list_directory(const UniqueFd& directory,
                                                                             std::size_t most);

}  // namespace tcp::stream
