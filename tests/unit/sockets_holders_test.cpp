// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/sockets/holders.hpp"
#include "libtcp/sockets/holders_bpf.hpp"
#include "libtcp/sockets/holders_table.hpp"
#include "tests/unit/sockets_child.hpp"
#include "tests/unit/sockets_fake_proc.hpp"

using namespace tcp;
using namespace tcp::sockets;

namespace {

HolderIndex find(const FakeProc& proc, const std::vector<std::uint32_t>& inodes) {
  return index_holders(inodes, {.proc = proc.path().c_str()});
}

// "100/nginx/2 200/sshd/0": who holds it, in order.
std::string text(const HolderIndex& index, std::uint32_t inode) {
  std::string result;
  for (const Holder& holder : index.holders_of(inode)) {
    if (!result.empty()) result += ' ';
    result +=
        std::to_string(holder.process->pid) + '/' + holder.process->name + '/' + std::to_string(holder.descriptor);
  }
  return result;
}

std::uint32_t inode_of(int fd) {
  struct stat status{};
  REQUIRE(::fstat(fd, &status) == 0);
  return static_cast<std::uint32_t>(status.st_ino);
}

UniqueFd make_socket() {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  REQUIRE(fd);
  return fd;
}

Process process_7() {
  Process process;
  process.pid = 7;
  process.name = "p";
  return process;
}

bool bpf_is_permitted() { return !obstacle_to_bpf({}); }

}  // namespace

TEST_CASE("the process that holds a socket is found by its inode") {
  const FakeProc proc;
  proc.add("100", "nginx", {"/dev/null", "socket:[41]", "socket:[42]"});
  proc.add("200", "sshd", {"socket:[77]", "pipe:[42]"});
  proc.add("self", "tcpbox", {"socket:[99]"});
  const HolderIndex index = find(proc, {42, 77, 99, 0});
  CHECK(text(index, 42) == "100/nginx/2");
  CHECK(text(index, 77) == "200/sshd/0");
  CHECK(text(index, 41).empty());
  CHECK(text(index, 99).empty());
  CHECK(text(index, 0).empty());
  CHECK(index.counts().processes == 2);
  CHECK(index.counts().forbidden == 0);
  CHECK(index.counts().vanished == 0);
  CHECK(index.counts().source == HolderSource::proc);
  CHECK(index.counts().bpf_obstacle == "not for " + proc.path());
}

TEST_CASE("all holders of a socket, by process and then descriptor") {
  const FakeProc proc;
  proc.add("9", "worker", {"socket:[5]", "socket:[6]"});
  proc.add("80", "worker", {"socket:[6]", "socket:[5]", "socket:[7]"});
  proc.add("10", "main", {"socket:[5]", "/dev/null", "socket:[5]"});
  const HolderIndex index = index_all_holders({.proc = proc.path().c_str()});
  CHECK(text(index, 5) == "9/worker/0 10/main/0 10/main/2 80/worker/1");
  CHECK(text(index, 6) == "9/worker/1 80/worker/0");
  CHECK(text(index, 7) == "80/worker/2");
  CHECK(index.counts().processes == 3);
}

TEST_CASE("the search ends with the last that is wanted") {
  const FakeProc proc;
  for (int pid = 1; pid <= 50; ++pid) proc.add(std::to_string(pid), "p", {"socket:[5]"});
  const HolderIndex index = find(proc, {5});
  CHECK(index.holders_of(5).size() == 1);
  CHECK(index.counts().processes == 1);
}

TEST_CASE("links and names that the kernel would not write are harmless") {
  const FakeProc proc;
  proc.add("1", std::string(500, 'x'),
           {"socket:[", "socket:[]", "socket:[-1]", "socket:[99999999999999999999999]", "socket:[5", "socket:[5]x",
            "socket:[0]", std::string(300, '5')});
  proc.add("2", "", {"socket:[5]"});
  proc.add("99999999999999", "far", {"socket:[6]"});
  proc.add("4294967295", "far", {"socket:[6]"});
  proc.add("3", "two\nlines", {"socket:[7]"});
  const HolderIndex index = find(proc, {5, 6, 7});
  CHECK(text(index, 5) == "2//0");
  CHECK(text(index, 6).empty());
  CHECK(text(index, 7) == "3/two\nlines/0");
  CHECK(index_all_holders({.proc = proc.path().c_str()}).counts().processes == 3);
}

TEST_CASE("an inode number beyond 32 bits is told as sock_diag tells it") {
  const FakeProc proc;
  proc.add("1", "p", {"socket:[4294967301]"});
  CHECK(text(find(proc, {5}), 5) == "1/p/0");
}

TEST_CASE("the user is the effective one, also where /proc/PID belongs to root") {
  const FakeProc proc;
  proc.add("1", "p", {"socket:[5]"});
  proc.write("1", "status", "Name:\tp\nUmask:\t0022\nUid:\t1000\t33\t1000\t33\nGid:\t5\t6\t7\t8\n");
  proc.add("2", "q", {"socket:[6]"});
  proc.write("2", "status", "Name:\tq\nUid:\t1000");
  const HolderIndex index = find(proc, {5, 6});
  REQUIRE(index.holders_of(5).size() == 1);
  CHECK(index.holders_of(5)[0].process->user_id == 33);
  REQUIRE(index.holders_of(6).size() == 1);
  CHECK(index.holders_of(6)[0].process->user_id == ::getuid());
}

TEST_CASE("nothing wanted, nothing read; no /proc, nobody found") {
  CHECK(index_holders({}, {.proc = "/nonexistent"}).counts().processes == 0);
  CHECK(index_holders(std::vector<std::uint32_t>{0}, {.proc = "/nonexistent"}).holders_of(0).empty());
  CHECK(index_holders(std::vector<std::uint32_t>{7}, {.proc = "/nonexistent"}).holders_of(7).empty());
  CHECK(index_all_holders({.proc = "/nonexistent"}).holders_of(7).empty());
  CHECK(HolderIndex().holders_of(7).empty());
  CHECK(HolderIndex().counts().processes == 0);
}

TEST_CASE("very many inodes are told apart") {
  HolderCollector found;
  const std::size_t process = found.add_process(process_7());
  std::vector<std::uint32_t> every_third;
  for (std::uint32_t inode = 1; inode <= 60'000; ++inode) {
    found.add(inode * 4096, process, static_cast<int>(inode));
    if (inode % 3 == 0) every_third.push_back(inode * 4096);
  }
  const HolderIndex index = found.finish({});
  InodeSet wanted(every_third);
  std::size_t right = 0;
  for (std::uint32_t inode = 1; inode <= 60'000; ++inode) {
    const auto holders = index.holders_of(inode * 4096);
    const bool held = holders.size() == 1 && holders[0].descriptor == static_cast<int>(inode);
    if (held && wanted.meet(inode * 4096) == (inode % 3 == 0)) ++right;
  }
  CHECK(right == 60'000);
  CHECK(wanted.size() == 20'000);
  CHECK(wanted.all_met());
  CHECK(index.holders_of(4095).empty());
  CHECK_FALSE(wanted.meet(0));
}

TEST_CASE("what is found twice is told once") {
  HolderCollector found;
  const std::size_t process = found.add_process(process_7());
  for (int i = 0; i < 3; ++i) found.add(5, process, 1);
  found.add(5, process, 0);
  CHECK(text(found.finish({}), 5) == "7/p/0 7/p/1");
}

TEST_CASE("this process and its child are found in the real /proc") {
  const UniqueFd fd = make_socket();
  const Child child([&] { ::prctl(PR_SET_NAME, "holding) (it"); });
  const HolderIndex index = index_all_holders({.may_use_bpf = false});
  const std::string self = std::to_string(::getpid()) + "/unit_sockets/" + std::to_string(fd.get());
  const std::string other = std::to_string(child.pid()) + "/holding) (it/" + std::to_string(fd.get());
  CHECK(text(index, inode_of(fd.get())) == self + ' ' + other);
  CHECK(index.counts().bpf_obstacle.empty());
  CHECK(index.holders_of(inode_of(fd.get()))[0].process->user_id == ::geteuid());
}

TEST_CASE("BPF finds the same as /proc") {
  if (!bpf_is_permitted()) {
    MESSAGE("skipped: ", *obstacle_to_bpf({}));
    return;
  }
  const UniqueFd fd = make_socket();
  const Child child([&] {
    ::prctl(PR_SET_NAME, "fifteen letters");
    (void)::seteuid(12345);
  });
  const std::vector wanted{inode_of(fd.get())};
  const HolderIndex by_proc = index_all_holders({.may_use_bpf = false});
  const HolderIndex by_bpf = index_all_holders({});
  if (by_bpf.counts().source == HolderSource::proc) {
    MESSAGE("skipped: ", by_bpf.counts().bpf_obstacle);
    return;
  }
  CHECK(by_bpf.counts().bpf_obstacle.empty());
  CHECK(by_bpf.holders_of(wanted[0]).size() == 2);
  CHECK(text(by_bpf, wanted[0]) == text(by_proc, wanted[0]));
  for (const HolderIndex* index : {&by_proc, &by_bpf}) {
    const auto holders = index->holders_of(wanted[0]);
    REQUIRE(holders.size() == 2);
    CHECK(holders[0].process->user_id == ::geteuid());
    CHECK(holders[1].process->user_id == 12345);
  }
  CHECK_FALSE(index_holders(wanted, {}).holders_of(wanted[0]).empty());
}

TEST_CASE("without the privilege /proc is read, and both are said") {
  if (::geteuid() != 0) return;
  const UniqueFd fd = make_socket();
  const Child of_root([] {});
  const std::string said = said_by_child([&]() -> std::string {
    if (::setgid(12345) != 0 || ::setuid(12345) != 0) return "still root";
    const UniqueFd own(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const HolderIndex index = index_all_holders({});
    const HolderCounts& counts = index.counts();
    const bool knows_itself = text(index, inode_of(own.get())).starts_with(std::to_string(::getpid()) + '/');
    return std::string(counts.source == HolderSource::proc ? "proc, " : "bpf, ") + counts.bpf_obstacle +
           (counts.forbidden > 0 ? ", forbidden" : "") + (knows_itself ? ", itself" : "");
  });
  CHECK(said == "proc, needs CAP_BPF and CAP_PERFMON, forbidden, itself");
}
