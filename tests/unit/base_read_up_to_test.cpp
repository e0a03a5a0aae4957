// SPDX-License-Identifier: MIT
#include "libtcp/base/read_up_to.hpp"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "libtcp/base/unique_fd.hpp"

namespace {

tcp::UniqueFd file_of(std::size_t bytes) {
  tcp::UniqueFd file(::memfd_create("read_up_to", MFD_CLOEXEC));
  const std::string content(bytes, 'x');
  REQUIRE(::write(file.get(), content.data(), content.size()) == static_cast<ssize_t>(bytes));
  REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
  return file;
}

}  // namespace

TEST_CASE("what fits is read whole, and what does not shows that it does not") {
  for (const std::size_t most : std::vector<std::size_t>{0, 1, 65'535, 65'536, 200'000}) {
    CAPTURE(most);
    CHECK(tcp::read_up_to(file_of(most).get(), most)->size() == most);
    CHECK(tcp::read_up_to(file_of(most + 1).get(), most)->size() > most);
    CHECK(tcp::read_up_to(file_of(4'000'000).get(), most)->size() <= most + 65'536);
  }
}

TEST_CASE("what cannot be read") { CHECK(tcp::read_up_to(-1, 10).error() == EBADF); }
