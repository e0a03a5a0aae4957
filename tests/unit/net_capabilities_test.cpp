// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/packet_socket.hpp"
#include "libtcp/net/raw_ip_socket.hpp"

using namespace tcp;
using namespace tcp::net;

namespace {

// Runs a check in a child that may throw its privileges away; its exit code is the answer.
template <class Check>
int in_child(Check check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("how to get a capability names it and this binary") {
  const std::string how = how_to_get(Capability::net_raw);
  CHECK(how.starts_with("run as root, or: sudo setcap cap_net_raw+ep /"));
  CHECK(how.ends_with("unit_net"));
}

TEST_CASE("after dropping nothing is left, and nothing comes back") {
  const int left = in_child([] {
    if (!drop_all_capabilities()) return 1;
    for (const Capability capability :
         {Capability::net_admin, Capability::net_raw, Capability::net_bind_service, Capability::sys_ptrace}) {
      if (has(capability)) return 2;
    }
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 3;
    return drop_all_capabilities() ? 0 : 4;
  });
  CHECK(left == 0);
}

TEST_CASE("without the privilege raw sockets say what they need") {
  const int said = in_child([] {
    if (!drop_all_capabilities()) return 1;
    const auto packet = PacketSocket::open({});
    if (packet || packet.error().message() != "open packet socket: needs CAP_NET_RAW") return 2;
    if (!packet.error().is(Errc::not_permitted) || packet.error().hint.empty()) return 3;
    const auto raw = RawIpSocket::open({.family = Family::v6});
    return !raw && raw.error().message() == "open raw socket: needs CAP_NET_RAW" ? 0 : 4;
  });
  CHECK(said == 0);
}

TEST_CASE("an error that no capability would help is the kernel's") {
  errno = EADDRINUSE;
  CHECK(privileged_call_error("bind", Capability::net_raw).error().is(std::errc::address_in_use));
}
