// SPDX-License-Identifier: MIT
// What this process may do, what it lacks, and how to get it (capabilities(7)).
#pragma once

#include <string>

#include "libtcp/base/error.hpp"

namespace tcp::net {

enum class Capability : unsigned char {
  net_bind_service,  // CAP_NET_BIND_SERVICE
  net_admin,         // CAP_NET_ADMIN
  net_raw,           // CAP_NET_RAW
  sys_ptrace,        // CAP_SYS_PTRACE: other users' /proc/PID/fd
  sys_admin,         // CAP_SYS_ADMIN: other network namespaces; whatever has no capability of its own
  sys_chroot,        // CAP_SYS_CHROOT
  setuid,            // CAP_SETUID: another user
  setgid,            // CAP_SETGID: other groups
  perfmon,           // CAP_PERFMON, Linux 5.8: with CAP_BPF, programs that look at the kernel
  bpf,               // CAP_BPF, Linux 5.8
};

// In the effective set of this thread, now.
[[nodiscard]] bool has(Capability capability) noexcept;

// "run as root, or: sudo setcap cap_net_raw+ep /usr/local/bin/tcpbox" (with the path of this binary).
[[nodiscard]] std::string how_to_get(Capability capability);

// The error of a call that failed just now (errno): not_permitted with how_to_get() as its hint when `needed` is
// missing, what the kernel said otherwise.
[[nodiscard]] std::unexpected<Error> privileged_call_error(std::string attempt, Capability needed);

// Gives up every capability for good, and what execve could give back (no_new_privs). A process that is root by user
// ID keeps that user ID and loses its powers. For engines that have opened all the sockets they need. It is this thread
// that gives up, and every thread it starts from now on.
[[nodiscard]] Result<void> drop_all_capabilities();
// The same, but what is needed to read other users' /proc/PID/fd stays as far as it was there: CAP_SYS_PTRACE and
// CAP_DAC_READ_SEARCH. For a program that goes on to name the owners of sockets.
[[nodiscard]] Result<void> drop_capabilities_but_looking();

}  // namespace tcp::net
