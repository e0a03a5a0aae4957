// SPDX-License-Identifier: MIT
// A directory like /proc, with processes made up for the test.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace tcp::sockets {

class FakeProc {
 public:
  // Descriptor 0 is the first of `links`, and so on.
  void add(const std::string& pid, const std::string& name, const std::vector<std::string>& links) const {
    const std::filesystem::path descriptors = root_.path() / pid / "fd";
    std::filesystem::create_directories(descriptors);
    write(pid, "comm", name + "\n");
    int fd = 0;
    for (const std::string& link : links) std::filesystem::create_symlink(link, descriptors / std::to_string(fd++));
  }
  void write(const std::string& pid, const std::string& file, const std::string& text) const {
    std::ofstream(root_.path() / pid / file) << text;
  }
  [[nodiscard]] std::string path() const { return root_.path().string(); }

 private:
  test::TemporaryDirectory root_;
};

}  // namespace tcp::sockets
