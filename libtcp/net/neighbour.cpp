// SPDX-License-Identifier: MIT
#include "libtcp/net/neighbour.hpp"

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/netlink.hpp"
#include "libtcp/net/rtnetlink.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kDiscardPort = 9;  // RFC 863
constexpr Duration kLongestTimeout = 1h;
constexpr Duration kFirstPause = 200us;
constexpr Duration kLongestPause = 20ms;
constexpr std::uint16_t kUsableStates = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY;

// Nothing when the kernel's table has no entry.
Result<std::optional<NeighbourMessage>> look_up(NetlinkSocket& socket, std::uint32_t interface_index,
                                                const IpAddress& address) {
  const auto request = make_neighbour_request(interface_index, address);
  std::optional<NeighbourMessage> found;
  auto asked = socket.request(RTM_GETNEIGH, 0, request, [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWNEIGH) return {};
    TCP_TRY_ASSIGN(message, parse_neighbour_message(payload));
    found = message;
    return {};
  });
  if (!asked && !asked.error().is(std::errc::no_such_file_or_directory)) return std::unexpected(asked.error());
  return found;
}

// The answer when there is one yet, good or bad.
Result<std::optional<MacAddress>> judge(const std::optional<NeighbourMessage>& neighbour) {
  if (!neighbour) return std::nullopt;
  if ((neighbour->state & NUD_FAILED) != 0) return system_error("", EHOSTUNREACH);
  if ((neighbour->state & kUsableStates) == 0) return std::nullopt;
  if (!neighbour->mac_address) return make_error(Errc::unsupported, "", "the link has no 48-bit addresses");
  return neighbour->mac_address;
}

Result<MacAddress> poll_until(NetlinkSocket& socket, std::uint32_t interface_index, const IpAddress& address,
                              MonotonicTime deadline) {
  for (Duration pause = kFirstPause;; pause = std::min(pause * 2, kLongestPause)) {
    TCP_TRY_ASSIGN(neighbour, look_up(socket, interface_index, address));
    TCP_TRY_ASSIGN(answer, judge(neighbour));
    if (answer) return *answer;
    const Duration left = deadline - SystemClock().now();
    if (left <= 0ns) return make_error(Errc::timed_out, "");
    std::this_thread::sleep_for(std::min(pause, left));
  }
}

Result<MacAddress> resolve_unnamed(std::uint32_t interface_index, const IpAddress& address, MonotonicTime deadline) {
  TCP_TRY_ASSIGN(socket, NetlinkSocket::open(NETLINK_ROUTE));
  TCP_TRY_ASSIGN(known, look_up(socket, interface_index, address));
  // A failure of the past is no answer: it is asked again.
  if (known && (known->state & kUsableStates) != 0) {
    TCP_TRY_ASSIGN(answer, judge(known));
    return *answer;
  }
  TCP_TRY(ask_for_neighbour(interface_index, address));
  return poll_until(socket, interface_index, address, deadline);
}

Neighbour to_neighbour(const NeighbourMessage& message) {
  Neighbour neighbour{.interface_index = message.interface_index, .address = *message.address};
  neighbour.failed = (message.state & NUD_FAILED) != 0;
  neighbour.stale = (message.state & NUD_STALE) != 0;
  if ((message.state & kUsableStates) != 0) neighbour.mac_address = message.mac_address;
  return neighbour;
}

}  // namespace

// One hop, and to this link whatever the routes say.
Result<void> ask_for_neighbour(std::uint32_t interface_index, const IpAddress& address) {
  const UniqueFd fd(::socket(to_address_family(address.family()), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return system_error("open a datagram socket");
  const int one = 1;
  const bool limited = address.is_v4() ? set_option(fd.get(), IPPROTO_IP, IP_TTL, one)
                                       : set_option(fd.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, one);
  const int index = static_cast<int>(interface_index);
  if (!limited || !set_option(fd.get(), SOL_SOCKET, SO_BINDTOIFINDEX, index)) return system_error("bind to interface");
  const SocketAddress to = to_socket_address({address, kDiscardPort});
  if (::sendto(fd.get(), nullptr, 0, MSG_DONTROUTE | MSG_DONTWAIT, to.get(), to.length) < 0) {
    return system_error("send a datagram");
  }
  return {};
}

Result<std::vector<Neighbour>> list_neighbours(std::size_t most) {
  TCP_TRY_ASSIGN(socket, NetlinkSocket::open(NETLINK_ROUTE));
  std::vector<Neighbour> neighbours;
  const auto request = make_neighbour_dump_request();
  auto asked = socket.request(RTM_GETNEIGH, NLM_F_DUMP, request, [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWNEIGH) return {};
    TCP_TRY_ASSIGN(message, parse_neighbour_message(payload));
    if (message.address && neighbours.size() < most) neighbours.push_back(to_neighbour(message));
    return {};
  });
  // A table that changes while it is read is good enough: it is read again soon.
  if (!asked && !asked.error().is(std::errc::interrupted)) return std::unexpected(asked.error());
  return neighbours;
}

Result<MacAddress> resolve_neighbour(std::uint32_t interface_index, const IpAddress& address, Duration timeout) {
  const MonotonicTime deadline = SystemClock().now() + std::min(timeout, kLongestTimeout);
  const IpAddress scoped = address.is_v6() && address.is_link_local() ? address.with_scope(interface_index) : address;
  Result<MacAddress> result = resolve_unnamed(interface_index, scoped, deadline);
  if (!result) result.error().attempt = "neighbour " + to_string(address);
  return result;
}

}  // namespace tcp::net
