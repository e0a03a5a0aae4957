// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/sockets/namespaces.hpp"
#include "libtcp/sockets/sock_diag.hpp"
#include "tests/unit/sockets_child.hpp"
#include "tests/unit/sockets_fake_proc.hpp"

using namespace tcp;
using namespace tcp::sockets;
namespace fs = std::filesystem;

namespace {

constexpr std::uint16_t kPort = 47'111;
const std::string kId = "4f8a1c0d9e7b6a5f4e3d2c1b0a998877665544332211ffeeddccbbaa00112233";

// Goes into a new network namespace and listens there.
void listen_elsewhere() {
  if (::unshare(CLONE_NEWNET) != 0) return;
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  const void* bytes = &address;
  if (::bind(fd, static_cast<const sockaddr*>(bytes), sizeof address) == 0) (void)::listen(fd, 1);
}

bool listens_here() {
  const auto listeners = list_listeners(ports::Protocol::tcp);
  return listeners && std::ranges::any_of(*listeners, [](const auto& one) { return one.local.port == kPort; });
}

std::uint64_t inode_of(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

// /proc as it would be with these processes in these namespaces.
struct FakeHost {
  FakeHost() {
    put("self", "net:[100]", "");
    put("1", "net:[100]", "0::/init.scope\n");
    put("20", "net:[200]", "0::/system.slice/docker-" + kId + ".scope\n");
    put("30", "net:[200]", "0::/system.slice/docker-" + kId + ".scope\n");
    put("40", "net:[300]", "0::/lxc.payload.web\n");
    put("50", "net:[400]", "0::/lxc.payload.web2\n");
    put("60", "net:[500]", "0::/system.slice/x.service\n");
    put("70", "mnt:[600]", "");
  }
  void put(const std::string& pid, const std::string& link, const std::string& cgroup) const {
    fs::create_directories(proc.path() + '/' + pid + "/ns");
    fs::create_symlink(link, proc.path() + '/' + pid + "/ns/net");
    proc.write(pid, "cgroup", cgroup);
  }
  FakeProc proc;
  std::string path = proc.path();
  NamespacePlaces places{.proc = path.c_str(), .names = "/nonexistent"};
};

std::string text(const Result<NamespaceList>& list) {
  if (!list) return list.error().message();
  std::string result;
  for (const NetworkNamespace& one : list->namespaces) {
    if (!result.empty()) result += ", ";
    result += one.label() + (one.own ? " (own)" : "") + '=' + std::to_string(one.inode);
  }
  return result;
}

}  // namespace

TEST_CASE("each namespace once, by its lowest process, with its container") {
  const FakeHost host;
  CHECK(text(list_network_namespaces(host.places)) ==
        "pid 1 (own)=100, 4f8a1c0d9e7b=200, web=300, web2=400, pid 60=500");
}

TEST_CASE("namespaces are selected by process, container and the beginning of its ID") {
  const FakeHost host;
  const auto select = [&](std::string_view word) { return text(select_network_namespaces(word, host.places)); };
  CHECK(select("all") == text(list_network_namespaces(host.places)));
  CHECK(select("60") == "pid 60=500");
  CHECK(select("30") == "4f8a1c0d9e7b=200");
  CHECK(select("1") == "pid 1 (own)=100");
  CHECK(select("4f8a1c0d9e7b6a") == "4f8a1c0d9e7b=200");
  CHECK(select(kId) == "4f8a1c0d9e7b=200");
  CHECK(select("web") == "web=300");
  CHECK(select("web2") == "web2=400");
  CHECK(select("we") == "network namespace 'we': several containers begin like that");
  CHECK(select("61") == "network namespace '61': no namespace, process or container is called that");
  CHECK(select("70") == "network namespace '70': no namespace, process or container is called that");
  CHECK(select("../x") == "network namespace '../x': no namespace, process or container is called that");
  CHECK(select_network_namespaces("", host.places).error().is(Errc::invalid_input));
  CHECK(select_network_namespaces("nobody", host.places).error().is(Errc::not_found));
  CHECK_FALSE(list_network_namespaces({.proc = "/nonexistent"}));
}

TEST_CASE("in one's own namespace nothing is needed") {
  const auto list = list_network_namespaces();
  REQUIRE(list);
  REQUIRE_FALSE(list->namespaces.empty());
  CHECK(list->namespaces[0].own);
  CHECK(list->namespaces[0].inode == inode_of("/proc/self/ns/net"));
  bool ran = false;
  CHECK(run_in(list->namespaces[0], [&] { ran = true; }));
  CHECK(ran);
}

TEST_CASE("something is asked in another namespace") {
  if (!net::has(net::Capability::sys_admin)) return;
  const Child other(listen_elsewhere);
  const std::uint64_t own = inode_of("/proc/self/ns/net");
  const auto selected = select_network_namespaces(std::to_string(other.pid()));
  REQUIRE(selected);
  REQUIRE(selected->namespaces.size() == 1);
  NetworkNamespace there = selected->namespaces[0];
  CHECK(there.inode == inode_of("/proc/" + std::to_string(other.pid()) + "/ns/net"));
  CHECK_FALSE(there.own);
  bool found = false;
  CHECK(run_in(there, [&] { found = listens_here(); }));
  CHECK(found);
  CHECK_FALSE(listens_here());
  CHECK(inode_of("/proc/self/ns/net") == own);
  CHECK(open_netlink_in(there, NETLINK_SOCK_DIAG));
  const auto all = list_network_namespaces();
  REQUIRE(all);
  CHECK(std::ranges::count(all->namespaces, there.inode, &NetworkNamespace::inode) == 1);

  ++there.inode;  // as if the process ID had been used again
  CHECK(run_in(there, [] {}).error().is(Errc::not_found));
}

TEST_CASE("namespaces with a name, and what is missing to enter one") {
  if (!net::has(net::Capability::sys_admin)) return;
  const Child other(listen_elsewhere);
  const FakeProc directory;
  fs::permissions(directory.path(), fs::perms::all);
  const std::string names = directory.path();
  const NamespacePlaces places{.names = names.c_str()};
  const std::string said = said_by_child([&]() -> std::string {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "no";
    for (const char* name : {"/blue", "/azure", "/stale"}) std::ofstream(names + name) << "";
    const std::string its = "/proc/" + std::to_string(other.pid()) + "/ns/net";
    for (const char* name : {"/blue", "/azure"}) {
      if (::mount(its.c_str(), (names + name).c_str(), nullptr, MS_BIND, nullptr) != 0) return "cannot mount";
    }
    std::string text;
    for (const char* word : {"blue", "stale"}) {
      const auto selected = select_network_namespaces(word, places);
      text += selected ? selected->namespaces[0].name + '\n' : selected.error().message() + '\n';
    }
    const auto all = list_network_namespaces(places);
    for (const auto& one : all->namespaces) {
      if (!one.name.empty()) text += one.name + (one.pid == other.pid() ? " is its\n" : " is not its\n");
    }
    const auto blue = select_network_namespaces("blue", places);
    bool found = false;
    const auto ran = run_in(blue->namespaces[0], [&] { found = listens_here(); }, places);
    text += ran && found ? "found\n" : "not found\n";
    NetworkNamespace nameless = blue->namespaces[0];
    nameless.name.clear();
    nameless.pid = other.pid();
    if (::setgid(12345) != 0 || ::setuid(12345) != 0) return "still root";
    text += run_in(blue->namespaces[0], [] {}, places).error().message() + '\n';
    text += run_in(nameless, [] {}, places).error().message() + '\n';
    const auto refused = select_network_namespaces(std::to_string(other.pid()), places);
    text += refused ? "allowed\n" : (refused.error().is(Errc::not_permitted) ? "not permitted\n" : "other\n");
    text += list_network_namespaces(places)->forbidden > 0 ? "some are forbidden" : "none is forbidden";
    return text;
  });
  const std::string pid = std::to_string(other.pid());
  CHECK(said ==
        "blue\n"
        "network namespace 'stale': no namespace, process or container is called that\n"
        "azure is its\n"
        "found\n"
        "enter network namespace blue: needs CAP_SYS_ADMIN\n"
        "enter network namespace pid " +
            pid +
            ": needs CAP_SYS_PTRACE\n"
            "not permitted\n"
            "some are forbidden");
}
