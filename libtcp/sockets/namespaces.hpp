// SPDX-License-Identifier: MIT
// The network namespaces of this host (network_namespaces(7)): which there are, and how to ask something in another
// one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/netlink.hpp"

namespace tcp::sockets {

struct NetworkNamespace {
  std::uint64_t inode = 0;  // tells it from the others: "net:[4026531840]"
  std::string name;         // of ip-netns(8); empty: none
  pid_t pid = 0;            // the lowest that is in it; 0: no process that may be seen
  std::string container;    // of that process, as container_of_cgroup() says it; empty: none
  bool own = false;         // this process is in it

  // What to call it: its name, container, "pid 812", or "net:[4026532000]".
  [[nodiscard]] std::string label() const;
};

// Other directories in tests.
struct NamespacePlaces {
  const char* proc = "/proc";
  const char* names = "/run/netns";
};

struct NamespaceList {
  std::vector<NetworkNamespace> namespaces;  // the own one first, then those with a name, then by process ID
  std::size_t forbidden = 0;                 // processes whose namespace may not be seen
};

// All that have a process or a name. One that only a descriptor, a socket or a mount elsewhere keeps alive is not seen.
// Errors: the own one cannot be told.
[[nodiscard]] Result<NamespaceList> list_network_namespaces(const NamespacePlaces& places = {});

// `word`: "all"; the name of ip-netns(8); a process ID; the name of a container, or the first digits of its ID; in this
// order. Errors: not_found; invalid_input when several containers are meant; not_permitted when the process may not be
// looked into.
[[nodiscard]] Result<NamespaceList> select_network_namespaces(std::string_view word,
                                                              const NamespacePlaces& places = {});

// Runs `function` in a thread that has gone into the namespace, and waits for it: this thread never leaves its own.
// What is opened there stays there: a socket, /proc/thread-self/net. Nothing of that for the own namespace, which is
// asked without a privilege. Errors: not_permitted without CAP_SYS_ADMIN; the namespace is gone.
[[nodiscard]] Result<void> run_in(const NetworkNamespace& network_namespace, const std::function<void()>& function,
                                  const NamespacePlaces& places = {});

// The index of an interface, when it is the same in each of the namespaces. Nothing when one of them has no such
// interface, or cannot be entered.
[[nodiscard]] std::optional<std::uint32_t> interface_index_in(std::span<const NetworkNamespace> network_namespaces,
                                                              const std::string& interface,
                                                              const NamespacePlaces& places = {});

// A netlink socket that is answered from the namespace, whoever asks. Not for requests that are given up halfway: after
// one the socket opens itself anew, where it is asked. Errors: of run_in(); the kernel's.
[[nodiscard]] Result<net::NetlinkSocket> open_netlink_in(const NetworkNamespace& network_namespace, int protocol,
                                                         const NamespacePlaces& places = {});

}  // namespace tcp::sockets
