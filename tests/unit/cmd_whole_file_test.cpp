// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cmd/output/whole_file.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace tcp;
using namespace tcp::cmd;

namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const tcp::test::TemporaryDirectory& directory) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory.path()), {}));
}

}  // namespace

TEST_CASE("a file is there whole or not at all") {
  const tcp::test::TemporaryDirectory directory;
  const std::string path = directory / "a.svg";
  {
    const auto file = WholeFile::open(path);
  }
  CHECK(files_in(directory) == 0);  // it was created, and nothing came
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
  CHECK(files_in(directory) == 2);
}

TEST_CASE("a file that cannot be written is one clear error") {
  const tcp::test::TemporaryDirectory directory;
  CHECK(WholeFile::open(directory / "no/such.svg").error().message().find("no/such.svg") != std::string::npos);
  CHECK(!WholeFile::open(directory.path().string()));
  auto full = WholeFile::open("/dev/full");
  REQUIRE(full);
  CHECK((*full)->write("x").error().message() == "write /dev/full: No space left on device");
}
