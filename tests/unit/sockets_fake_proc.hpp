// SPDX-License-Identifier: MIT
// A directory like /proc, with processes made up for the test.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace tcp::sockets {

class FakeProc {
 public:
  FakeProc() {
    std::string name = (std::filesystem::temp_directory_path() / "tcpbox-proc-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root_ = name;
  }
  ~FakeProc() { std::filesystem::remove_all(root_); }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  // Descriptor 0 is the first of `links`, and so on.
  void add(const std::string& pid, const std::string& name, const std::vector<std::string>& links) const {
    const std::filesystem::path descriptors = root_ / pid / "fd";
    std::filesystem::create_directories(descriptors);
    write(pid, "comm", name + "\n");
    int fd = 0;
    for (const std::string& link : links) std::filesystem::create_symlink(link, descriptors / std::to_string(fd++));
  }
  void write(const std::string& pid, const std::string& file, const std::string& text) const {
    std::ofstream(root_ / pid / file) << text;
  }
  [[nodiscard]] std::string path() const { return root_.string(); }

 private:
  std::filesystem::path root_;
};

}  // namespace tcp::sockets
