// SPDX-License-Identifier: MIT
// A file that is there whole or not at all: a picture, a page.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::cmd {

class WholeFile {
 public:
  // For before the work: a path that cannot be written is an error here. Creates the file, empty, when there is none.
  [[nodiscard]] static Result<std::unique_ptr<WholeFile>> open(const std::string& path);
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;
  // Removes a file that open() created and nothing was written to.
  ~WholeFile();

  // What was in the file until now is replaced. After an error it is as it was.
  [[nodiscard]] Result<void> write(std::string_view content);

 private:
  WholeFile(std::string name, std::string path, UniqueFd fd, bool created)
      : name_(std::move(name)), path_(std::move(path)), fd_(std::move(fd)), created_(created) {}

  // False: no file can be made beside it.
  [[nodiscard]] Result<bool> replace(std::string_view content);
  [[nodiscard]] Result<void> overwrite(std::string_view content);

  std::string name_;  // as it was given
  std::string path_;  // where links lead
  UniqueFd fd_;
  bool created_;
};

}  // namespace tcp::cmd
