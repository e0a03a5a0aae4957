// SPDX-License-Identifier: MIT
// One socket with all that is known around it: who holds it, where, and how fast it moves. What filters decide on and
// columns show.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "libtcp/sockets/socket_info.hpp"

namespace tcp::sockets {

// Names are chosen by the process or its user: not to be trusted.
struct Process {
  pid_t pid = 0;
  std::uint32_t user_id = 0;  // effective
  std::string name;           // /proc/PID/comm
  std::string cgroup;         // path below the cgroup 2 mount: "/system.slice/nginx.service"; empty: not known
  std::string unit;           // systemd's, from the cgroup: "nginx.service"; empty: none
  std::string container;      // the short ID or name of a container, from the cgroup; empty: none
};

struct Holder {
  const Process* process = nullptr;
  int descriptor = -1;
};

// Between two looks at one socket.
struct SocketRates {
  double sent_bytes_per_second = 0;
  double received_bytes_per_second = 0;
  double retransmitted_segments_per_second = 0;
};

struct SocketRow {
  const SocketInfo* socket = nullptr;
  std::span<const Holder> holders;     // lowest process ID first; empty: nobody, or nobody who may be seen
  std::string_view network_namespace;  // as it was asked for or is known; empty: this process's own
  std::string_view cgroup;             // of the socket itself, from its cgroup ID; empty: not known
  std::optional<SocketRates> rates;
};

}  // namespace tcp::sockets
