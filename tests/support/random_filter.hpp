// SPDX-License-Identifier: MIT
// Random sockets from few values, so that terms about them are often true.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "libtcp/sockets/socket_info.hpp"

namespace tcp::test {

using Random = std::mt19937;

// Below `end`.
inline std::uint32_t some(Random& random, std::uint32_t end) { return static_cast<std::uint32_t>(random() % end); }

template <class T, std::size_t N>
const T& one_of(Random& random, const std::array<T, N>& values) {
  return values[random() % N];
}

inline const std::array<std::string, 8> kAddresses{"10.1.2.3", "10.1.2.4",        "127.0.0.1",   "0.0.0.0",
                                                   "::",       "::ffff:10.1.2.3", "2001:db8::1", "fe80::1"};
inline const std::array<std::string, 10> kHosts{"10.0.0.0/8",  "10.1.2.3/31",      "127.0.0.1", "0.0.0.0/0",
                                                "::/0",        "::ffff:0:0/96",    "fe80::/10", "[2001:db8::1]:443",
                                                "10.1.2.3:22", "[2001:db8::]:0-99"};
inline const std::array<std::string, 5> kPorts{"0", "22", "443", "40000", "65535"};

inline sockets::SocketInfo random_socket(Random& random) {
  sockets::SocketInfo socket;
  const IpAddress local = *parse_ip_address(one_of(random, kAddresses));
  IpAddress remote = *parse_ip_address(one_of(random, kAddresses));
  while (remote.family() != local.family()) remote = *parse_ip_address(one_of(random, kAddresses));
  socket.local = {local, static_cast<std::uint16_t>(std::stoul(one_of(random, kPorts)))};
  socket.remote = {remote, static_cast<std::uint16_t>(std::stoul(one_of(random, kPorts)))};
  socket.state = static_cast<TcpState>(1 + random() % 11);
  socket.interface_index = some(random, 3);
  const bool is_small = socket.state == TcpState::time_wait || socket.state == TcpState::syn_received;
  socket.inode = is_small ? 0 : 1 + some(random, 100);
  if (!is_small) {
    socket.mark = some(random, 4);
    socket.cgroup_id = 77 + random() % 2;
  }
  socket.receive_queue = some(random, 3);
  return socket;
}

// A term that the kernel decides, or one that it does not.
inline std::string random_kernel_term(Random& random) {
  static const std::array<std::string, 6> kSigns{" = ", " != ", " < ", " <= ", " > ", " >= "};
  static const std::array<std::string, 2> kEqual{" = ", " != "};
  switch (random() % 8) {
    case 0:
    case 1: return (random() % 2 == 0 ? "sport" : "dport") + one_of(random, kSigns) + one_of(random, kPorts);
    case 2:
    case 3: return (random() % 2 == 0 ? "src" : "dst") + one_of(random, kEqual) + one_of(random, kHosts);
    case 4: return "dev" + one_of(random, kEqual) + std::to_string(random() % 3);
    case 5: return "fwmark" + one_of(random, kEqual) + std::to_string(random() % 4) + (random() % 2 == 0 ? "/1" : "");
    case 6: return "cgroup" + one_of(random, kEqual) + "/system.slice/nginx.service";
    default: return "family" + one_of(random, kEqual) + (random() % 2 == 0 ? "ipv4" : "ipv6");
  }
}

inline std::string random_term(Random& random) {
  switch (random() % 10) {
    case 0: return "rtt > 1ms";  // never known
    case 1: return "recv_queue >= " + std::to_string(random() % 3);
    case 2: return "state " + std::string(random() % 2 == 0 ? "connected" : "time-wait,listen,established");
    case 3: return "process nginx";  // never known
    default: return random_kernel_term(random);
  }
}

template <class MakeTerm>
std::string random_expression(Random& random, unsigned depth, MakeTerm make_term) {
  if (depth == 0 || random() % 4 == 0) return (random() % 5 == 0 ? "not " : "") + make_term(random);
  static const std::array<std::string, 3> kJoints{" and ", " or ", " "};
  std::string text = random() % 6 == 0 ? "not (" : "(";
  text += random_expression(random, depth - 1, make_term);
  for (unsigned more = 1 + random() % 2; more > 0; --more) {
    text += one_of(random, kJoints) + random_expression(random, depth - 1, make_term);
  }
  return text + ")";
}

}  // namespace tcp::test
