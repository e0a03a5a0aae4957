// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/sockets/owners.hpp"

using namespace tcp;
using namespace tcp::sockets;
namespace fs = std::filesystem;

namespace {

// A directory like /proc, with processes made up for the test.
class FakeProc {
 public:
  FakeProc() {
    std::string name = (fs::temp_directory_path() / "tcpbox-proc-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root_ = name;
  }
  ~FakeProc() { fs::remove_all(root_); }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  void add(const std::string& pid, const std::string& name, const std::vector<std::string>& links) {
    const fs::path descriptors = root_ / pid / "fd";
    fs::create_directories(descriptors);
    std::ofstream(root_ / pid / "comm") << name << "\n";
    int fd = 0;
    for (const std::string& link : links) fs::create_symlink(link, descriptors / std::to_string(fd++));
  }
  [[nodiscard]] std::string path() const { return root_.string(); }

 private:
  fs::path root_;
};

Owners find(const FakeProc& proc, const std::vector<std::uint32_t>& inodes) {
  return find_owners(inodes, proc.path().c_str());
}

}  // namespace

TEST_CASE("the process that holds a socket is found by its inode") {
  FakeProc proc;
  proc.add("100", "nginx", {"/dev/null", "socket:[41]", "socket:[42]"});
  proc.add("200", "sshd", {"socket:[77]", "pipe:[42]"});
  proc.add("self", "tcpbox", {"socket:[99]"});
  const Owners owners = find(proc, {42, 77, 99, 0});
  REQUIRE(owners.find(42) != nullptr);
  CHECK(owners.find(42)->name == "nginx");
  CHECK(owners.find(42)->pid == 100);
  REQUIRE(owners.find(77) != nullptr);
  CHECK(owners.find(77)->pid == 200);
  CHECK(owners.find(99) == nullptr);
  CHECK(owners.find(0) == nullptr);
  CHECK(owners.forbidden == 0);
}

TEST_CASE("links and names that the kernel would not write are harmless") {
  FakeProc proc;
  proc.add("1", std::string(500, 'x'),
           {"socket:[", "socket:[]", "socket:[-1]", "socket:[99999999999999]", "socket:[5"});
  proc.add("2", "", {"socket:[5]"});
  proc.add("99999999999999", "far", {"socket:[6]"});
  const Owners owners = find(proc, {5, 6});
  REQUIRE(owners.find(5) != nullptr);
  CHECK(owners.find(5)->pid == 2);
  CHECK(owners.find(5)->name.empty());
  CHECK(owners.find(6) == nullptr);
}

TEST_CASE("this process is found in the real /proc") {
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  struct stat status{};
  REQUIRE(::fstat(fd.get(), &status) == 0);
  const auto inode = static_cast<std::uint32_t>(status.st_ino);
  const Owners owners = find_owners(std::vector{inode});
  REQUIRE(owners.find(inode) != nullptr);
  CHECK(owners.find(inode)->pid == ::getpid());
  CHECK(owners.find(inode)->name == "unit_sockets");
}

TEST_CASE("nothing wanted, nothing read; no /proc, nobody found") {
  CHECK(find_owners({}, "/nonexistent").by_inode.empty());
  CHECK(find_owners(std::vector<std::uint32_t>{7}, "/nonexistent").by_inode.empty());
}
