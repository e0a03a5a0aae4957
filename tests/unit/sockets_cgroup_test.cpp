// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libtcp/sockets/cgroup.hpp"
#include "libtcp/sockets/directory_reader.hpp"
#include "libtcp/sockets/holders.hpp"
#include "tests/unit/sockets_fake_proc.hpp"

using namespace tcp;
using namespace tcp::sockets;

namespace {

const std::string kId = "4f8a1c0d9e7b6a5f4e3d2c1b0a998877665544332211ffeeddccbbaa00112233";
const std::string kShort = "4f8a1c0d9e7b";

}  // namespace

TEST_CASE("the unit of a cgroup") {
  CHECK(unit_of_cgroup("/system.slice/nginx.service") == "nginx.service");
  CHECK(unit_of_cgroup("/system.slice/system-getty.slice/getty@tty1.service") == "getty@tty1.service");
  CHECK(unit_of_cgroup("/user.slice/user-1000.slice/session-3.scope") == "session-3.scope");
  CHECK(unit_of_cgroup("/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-1234.scope") ==
        "app-gnome-firefox-1234.scope");
  CHECK(unit_of_cgroup("/user.slice/user-1000.slice/user@1000.service/init.scope") == "init.scope");
  CHECK(unit_of_cgroup("/init.scope") == "init.scope");
  CHECK(unit_of_cgroup("/system.slice/cups.socket") == "cups.socket");
  CHECK(unit_of_cgroup("/system.slice/tor@default.service/worker/3") == "tor@default.service");
  CHECK(unit_of_cgroup("/system.slice/run-user.mount") == "run-user.mount");
  CHECK(unit_of_cgroup("/system.slice/systemd-fsck@dev-disk-by\\x2duuid.service") ==
        "systemd-fsck@dev-disk-by\\x2duuid.service");
  CHECK(unit_of_cgroup("/system.slice/_cpu.service") == "cpu.service");
  CHECK(unit_of_cgroup("/system.slice/docker-" + kId + ".scope") == "docker-" + kId + ".scope");
  CHECK(unit_of_cgroup("/machine.slice/machine-web.scope/payload/system.slice/nginx.service/") == "nginx.service");
  for (const char* none : {"", "/", "/system.slice", "/docker/abc", "/.service", "/kubepods.slice", "//"}) {
    CAPTURE(none);
    CHECK(unit_of_cgroup(none).empty());
  }
}

TEST_CASE("the container of a cgroup") {
  for (const std::string& path :
       {"/system.slice/docker-" + kId + ".scope", "/docker/" + kId, "/docker/" + kId + "/init",
        "/system.slice/docker-" + kId + ".scope/init.scope", "/machine.slice/libpod-" + kId + ".scope/container",
        "/libpod_parent/libpod-" + kId,
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope",
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a2b.slice/cri-containerd-" + kId + ".scope",
        "/kubepods.slice/kubepods-pod1a2b.slice/crio-" + kId + ".scope",
        "/kubepods/besteffort/pod8a6e9e1c-1111-2222-3333-444455556666/" + kId,
        "/system.slice/containerd.service/kubepods-besteffort-pod1a2b.slice:cri-containerd:" + kId,
        "/ecs/0123456789abcdef0123456789abcdef/" + kId}) {
    CAPTURE(path);
    CHECK(container_of_cgroup(path) == kShort);
    CHECK(whole_container_of_cgroup(path) == kId);
  }
  CHECK(container_of_cgroup("/lxc.payload.web") == "web");
  CHECK(container_of_cgroup("/lxc.payload.web/system.slice/nginx.service") == "web");
  CHECK(container_of_cgroup("/lxc/web/init.scope") == "web");
  CHECK(container_of_cgroup("/machine.slice/machine-web\\x2d1.scope/payload") == "web-1");
  CHECK(container_of_cgroup("/machine.slice/systemd-nspawn@debian.service/payload/init.scope") == "debian");
  CHECK(container_of_cgroup("/docker/" + std::string(64, 'a') + "/docker/" + kId) == kShort);
}

TEST_CASE("what is no container") {
  for (const std::string& path :
       {std::string(), std::string("/"), std::string("/system.slice/docker.service"), std::string("/lxc.monitor.web"),
        std::string("/lxc"), std::string("/machine-.scope"), "/machine.slice/libpod-conmon-" + kId + ".scope",
        "/docker/" + kId.substr(1), "/docker/" + kId + "0", "/x" + kId, "/docker-" + std::string(64, 'g') + ".scope",
        std::string("/machine.slice/lxc.payload.")}) {
    CAPTURE(path);
    CHECK(container_of_cgroup(path).empty());
  }
  CHECK(container_of_cgroup("/machine-a\\x2.scope") == "a\\x2");
  CHECK(container_of_cgroup("/machine-a\\xzz\\x.scope") == "a\\xzz\\x");
}

TEST_CASE("the cgroup of a process from its text") {
  CHECK(cgroup_from_text("0::/system.slice/nginx.service\n") == "/system.slice/nginx.service");
  CHECK(cgroup_from_text("0::/a:b/c") == "/a:b/c");
  CHECK(cgroup_from_text("0::/\n") == "/");
  CHECK(cgroup_from_text("0::/gone (deleted)\n") == "/gone");
  CHECK(cgroup_from_text("12:cpu,cpuacct:/x\n1:name=systemd:/system.slice/sshd.service\n0::/\n") ==
        "/system.slice/sshd.service");
  CHECK(cgroup_from_text("1:name=systemd:/init.scope\n0::/system.slice/sshd.service\n") ==
        "/system.slice/sshd.service");
  CHECK(cgroup_from_text("1:name=systemd:/init.scope\n") == "/init.scope");
  for (const char* none : {"", "\n\n", "0", "0::", "0::relative", "1:cpu:/x", "::/", "name=systemd:"}) {
    CAPTURE(none);
    CHECK(cgroup_from_text(none).empty());
  }
}

TEST_CASE("holders with their cgroup, when it is asked for") {
  const FakeProc proc;
  proc.add("100", "nginx", {"socket:[5]"});
  proc.write("100", "cgroup", "0::/system.slice/docker-" + kId + ".scope\n");
  const HolderIndex without = index_all_holders({.proc = proc.path().c_str()});
  CHECK(without.holders_of(5)[0].process->cgroup.empty());
  const HolderIndex index = index_all_holders({.proc = proc.path().c_str(), .cgroups = true});
  REQUIRE(index.holders_of(5).size() == 1);
  const Process& process = *index.holders_of(5)[0].process;
  CHECK(process.cgroup == "/system.slice/docker-" + kId + ".scope");
  CHECK(process.unit == "docker-" + kId + ".scope");
  CHECK(process.container == kShort);
  const UniqueFd real = open_directory(AT_FDCWD, "/proc");
  CHECK(cgroup_of_process(real.get(), ::getpid()).starts_with('/'));
  CHECK(cgroup_of_process(real.get(), 2'000'000'000).empty());
}

TEST_CASE("IDs of cgroups where none may be asked for: the tree is read") {
  const FakeProc tree;  // any directories: their inodes stand for IDs
  std::filesystem::create_directories(tree.path() + "/system.slice/nginx.service");
  std::ofstream(tree.path() + "/cgroup.procs") << "1\n";
  const auto id = [&](const std::string& path) {
    struct stat status{};
    REQUIRE(::stat((tree.path() + path).c_str(), &status) == 0);
    return status.st_ino;
  };
  CgroupPaths paths(tree.path().c_str());
  CHECK(paths.path_of(id("/system.slice/nginx.service")) == "/system.slice/nginx.service");
  CHECK(paths.path_of(id("/system.slice")) == "/system.slice");
  CHECK(paths.path_of(id("/")) == "/");
  CHECK(paths.path_of(id("/cgroup.procs")).empty());
  CHECK(paths.path_of(0).empty());
  CHECK(CgroupPaths("/nonexistent").path_of(1).empty());
}

TEST_CASE("IDs of cgroups of this host") {
  CgroupPaths paths;
  const UniqueFd proc = open_directory(AT_FDCWD, "/proc");
  for (const std::string mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    const std::string made = mount + "/tcpbox-test-" + std::to_string(::getpid());
    struct stat status{};
    if (::stat((mount + "/cgroup.procs").c_str(), &status) != 0) continue;
    if (::stat((mount + "/cgroup.controllers").c_str(), &status) != 0 || ::mkdir(made.c_str(), 0755) != 0) continue;
    const std::string inner = made + "/x.service";
    CHECK(::mkdir(inner.c_str(), 0755) == 0);
    CHECK(::stat(inner.c_str(), &status) == 0);
    CHECK(paths.path_of(status.st_ino) == inner.substr(mount.size()));
    CHECK(CgroupPaths(mount.c_str()).path_of(status.st_ino) == inner.substr(mount.size()));
    CHECK(CgroupPaths((mount + "/").c_str()).path_of(status.st_ino) == inner.substr(mount.size()));
    CHECK(paths.path_of(status.st_ino + 1'000'000).empty());
    CHECK(::rmdir(inner.c_str()) == 0);
    CHECK(::rmdir(made.c_str()) == 0);
    CHECK(CgroupPaths().path_of(status.st_ino).empty());
  }
}
