// SPDX-License-Identifier: MIT
#include "libtcp/net/capabilities.hpp"

#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <climits>

namespace tcp::net {
namespace {

struct CapabilityRow {
  unsigned number;
  std::string_view name;        // as capabilities(7) writes it
  std::string_view name_lower;  // as setcap(8) takes it
};

constexpr CapabilityRow row_of(Capability capability) {
  switch (capability) {
    case Capability::net_bind_service: return {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE", "cap_net_bind_service"};
    case Capability::net_admin: return {CAP_NET_ADMIN, "CAP_NET_ADMIN", "cap_net_admin"};
    case Capability::net_raw: return {CAP_NET_RAW, "CAP_NET_RAW", "cap_net_raw"};
    case Capability::sys_ptrace: return {CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "cap_sys_ptrace"};
    case Capability::sys_admin: return {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "cap_sys_admin"};
    case Capability::sys_chroot: return {CAP_SYS_CHROOT, "CAP_SYS_CHROOT", "cap_sys_chroot"};
    case Capability::setuid: return {CAP_SETUID, "CAP_SETUID", "cap_setuid"};
    case Capability::setgid: return {CAP_SETGID, "CAP_SETGID", "cap_setgid"};
    case Capability::perfmon: return {CAP_PERFMON, "CAP_PERFMON", "cap_perfmon"};
    case Capability::bpf: return {CAP_BPF, "CAP_BPF", "cap_bpf"};
  }
  return {};
}

using CapabilitySets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

std::string own_path() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : "tcpbox";
}

// What a shell would split or expand is put into single quotes.
std::string quoted_for_shell(const std::string& word) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";
  if (word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

// Needs CAP_SETPCAP; without it there is nothing that no_new_privs does not already prevent.
void clear_bounding_set() {
  for (unsigned long number = 0; ::prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; ++number) {
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0) return;
  }
}

}  // namespace

bool has(Capability capability) noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  CapabilitySets sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  const unsigned number = row_of(capability).number;
  return (sets[number / 32].effective >> (number % 32) & 1U) != 0;
}

std::string how_to_get(Capability capability) {
  return fmt::format("run as root, or: sudo setcap {}+ep {}", row_of(capability).name_lower,
                     quoted_for_shell(own_path()));
}

std::unexpected<Error> privileged_call_error(std::string attempt, Capability needed) {
  const int error_number = errno;
  const bool refused = error_number == EPERM || error_number == EACCES;
  if (!refused || has(needed)) return system_error(std::move(attempt), error_number);
  return make_error(Errc::not_permitted, std::move(attempt), fmt::format("needs {}", row_of(needed).name),
                    how_to_get(needed));
}

namespace {

// `kept`: what may stay in the effective and permitted sets.
Result<void> reduce_to(const CapabilitySets& kept) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("set no_new_privs");
  clear_bounding_set();
  (void)::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  if (::syscall(SYS_capset, &header, kept.data()) != 0) return system_error("drop capabilities");
  return {};
}

}  // namespace

Result<void> drop_all_capabilities() { return reduce_to({}); }

Result<void> drop_capabilities_but_looking() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  CapabilitySets now{};
  if (::syscall(SYS_capget, &header, now.data()) != 0) return drop_all_capabilities();
  CapabilitySets kept{};
  for (const unsigned number : {unsigned{CAP_SYS_PTRACE}, unsigned{CAP_DAC_READ_SEARCH}}) {
    const std::uint32_t bit = now[number / 32].permitted & 1U << (number % 32);
    kept[number / 32].effective |= bit;
    kept[number / 32].permitted |= bit;
  }
  return reduce_to(kept);
}

}  // namespace tcp::net
