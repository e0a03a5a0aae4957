// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cmd/output/whole_file.hpp"

using namespace tcp;
using namespace tcp::cmd;

namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Directory {
  Directory() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Directory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }
  std::string path_ = "/tmp/tcpbox-picture-XXXXXX";
};

}  // namespace

TEST_CASE("a file is there whole or not at all") {
  const Directory directory;
  const std::string path = directory / "a.svg";
  {
    const auto file = WholeFile::open(path);
  }
  CHECK(directory.files() == 0);  // it was created, and nothing came
  {
    auto file = WholeFile::open(path);
    REQUIRE(file);
    CHECK((*file)->write("new"));
  }
  CHECK(content_of(path) == "new");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const std::string link = directory / "link.svg";
  std::filesystem::create_symlink(path, link);
  {
    auto file = WholeFile::open(link);
    REQUIRE(file);
    CHECK(content_of(path) == "new");  // as long as nothing is written
    CHECK((*file)->write("newer"));
  }
  CHECK(content_of(path) == "newer");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms{0640});
  CHECK(directory.files() == 2);
}

TEST_CASE("a file that cannot be written is one clear error") {
  const Directory directory;
  CHECK(WholeFile::open(directory / "no/such.svg").error().message().find("no/such.svg") != std::string::npos);
  CHECK(!WholeFile::open(directory.path_));
  auto full = WholeFile::open("/dev/full");
  REQUIRE(full);
  CHECK((*full)->write("x").error().message() == "write /dev/full: No space left on device");
}
