// SPDX-License-Identifier: MIT
// Control groups (cgroups(7)) of sockets and processes: where they are, and which service or container that means.
// Paths are below the cgroup 2 mount: "/system.slice/nginx.service". Whoever may make cgroups chooses their names.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "libtcp/base/unique_fd.hpp"

namespace tcp::sockets {

// The innermost systemd unit that is no slice, as systemctl(1) takes it: "nginx.service", "session-3.scope",
// "app-org.gnome.Terminal.scope". Empty when there is none.
[[nodiscard]] std::string_view unit_of_cgroup(std::string_view path);

// The innermost container: the first 12 digits of its ID (Docker, Podman, containerd, CRI-O), or its name (LXC,
// systemd-nspawn). Empty when there is none.
[[nodiscard]] std::string container_of_cgroup(std::string_view path);
// The same with the ID in full.
[[nodiscard]] std::string whole_container_of_cgroup(std::string_view path);

// From the text of /proc/PID/cgroup: the path in the cgroup 2 hierarchy, or in systemd's own where cgroup 2 is not used
// for it (its root only). Empty when there is neither.
[[nodiscard]] std::string_view cgroup_from_text(std::string_view text);
// Of a process; empty when it is gone. `proc` is a directory like /proc.
[[nodiscard]] std::string cgroup_of_process(int proc, pid_t pid);

// Cgroup IDs (INET_DIAG_CGROUP_ID) to paths. Does nothing until it is asked.
class CgroupPaths {
 public:
  // `mount`: null: where cgroup 2 usually is.
  explicit CgroupPaths(const char* mount = nullptr);
  CgroupPaths(CgroupPaths&&) noexcept;
  CgroupPaths& operator=(CgroupPaths&&) noexcept;
  ~CgroupPaths();

  // "/" for the root; empty when not known: removed meanwhile, no cgroup 2, another cgroup namespace. Good as long as
  // this. With CAP_DAC_READ_SEARCH it asks for each once, otherwise it reads the whole tree once.
  [[nodiscard]] std::string_view path_of(std::uint64_t id);

 private:
  void open();
  [[nodiscard]] bool ask(std::uint64_t id, std::string& path);
  void read_tree();
  void read_directory(const std::string& path, std::unordered_map<std::uint64_t, std::string>& found) const;

  std::string mount_;
  UniqueFd root_;
  bool opened_ = false;
  bool may_ask_ = true;
  bool tree_read_ = false;
  std::unordered_map<std::uint64_t, std::string> paths_;  // empty: not known
};

}  // namespace tcp::sockets
