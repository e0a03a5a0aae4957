// SPDX-License-Identifier: MIT
#include "libtcp/sockets/namespaces.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/stat.h>

#include <optional>
#include <system_error>
#include <thread>

#include "libtcp/net/capabilities.hpp"

namespace tcp::sockets {
namespace {

std::string attempt_for(const NetworkNamespace& network_namespace) {
  return "enter network namespace " + network_namespace.label();
}

std::string path_of(const NetworkNamespace& network_namespace, const NamespacePlaces& places) {
  if (!network_namespace.name.empty()) return std::string(places.names) + '/' + network_namespace.name;
  return std::string(places.proc) + '/' + std::to_string(network_namespace.pid) + "/ns/net";
}

// Names and process IDs are used again: what is opened must be what was listed.
Result<UniqueFd> open_namespace(const NetworkNamespace& network_namespace, const NamespacePlaces& places) {
  UniqueFd fd(::open(path_of(network_namespace, places).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!fd || ::fstat(fd.get(), &status) != 0)
    return net::privileged_call_error(attempt_for(network_namespace), net::Capability::sys_ptrace);
  if (status.st_ino != network_namespace.inode)
    return make_error(Errc::not_found, attempt_for(network_namespace), "it is gone");
  return fd;
}

Result<void> enter_and_run(int fd, const NetworkNamespace& network_namespace, const std::function<void()>& function) {
  if (::setns(fd, CLONE_NEWNET) != 0)
    return net::privileged_call_error(attempt_for(network_namespace), net::Capability::sys_admin);
  function();
  return {};
}

}  // namespace

std::string NetworkNamespace::label() const {
  if (!name.empty()) return name;
  if (!container.empty()) return container;
  if (pid != 0) return "pid " + std::to_string(pid);
  return "net:[" + std::to_string(inode) + ']';
}

Result<void> run_in(const NetworkNamespace& network_namespace, const std::function<void()>& function,
                    const NamespacePlaces& places) {
  if (network_namespace.own) {
    function();
    return {};
  }
  TCP_TRY_ASSIGN(fd, open_namespace(network_namespace, places));
  Result<void> result;
  try {
    std::thread([&] { result = enter_and_run(fd.get(), network_namespace, function); }).join();
  } catch (const std::system_error& error) {
    return system_error("start a thread", error.code().value());
  }
  return result;
}

std::optional<std::uint32_t> interface_index_in(std::span<const NetworkNamespace> network_namespaces,
                                                const std::string& interface, const NamespacePlaces& places) {
  std::optional<std::uint32_t> common;
  for (const NetworkNamespace& one : network_namespaces) {
    std::uint32_t index = 0;
    if (!run_in(one, [&] { index = ::if_nametoindex(interface.c_str()); }, places)) return std::nullopt;
    if (index == 0 || common.value_or(index) != index) return std::nullopt;
    common = index;
  }
  return common;
}

Result<net::NetlinkSocket> open_netlink_in(const NetworkNamespace& network_namespace, int protocol,
                                           const NamespacePlaces& places) {
  std::optional<Result<net::NetlinkSocket>> socket;
  TCP_TRY(run_in(network_namespace, [&] { socket = net::NetlinkSocket::open(protocol); }, places));
  return std::move(*socket);
}

}  // namespace tcp::sockets
