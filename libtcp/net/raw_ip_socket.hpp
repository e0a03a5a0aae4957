// SPDX-License-Identifier: MIT
// Sends IP packets whose headers we wrote ourselves; the kernel routes them and resolves neighbours, so loopback, own
// addresses, VLANs and tunnels need nothing special (raw(7), IP_HDRINCL, IPV6_HDRINCL).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::net {

struct RawIpSocketOptions {
  Family family = Family::v4;
  std::optional<std::uint32_t> interface_index = {};  // SO_BINDTOIFINDEX
  std::uint32_t send_buffer_bytes = 1U << 20;
  // What is known of the path's MTU is not heeded, only the interface's is (IP_PMTUDISC_PROBE).
  bool ignore_path_mtu = false;
};

class RawIpSocket {
 public:
  // Needs CAP_NET_RAW.
  [[nodiscard]] static Result<RawIpSocket> open(const RawIpSocketOptions& options);

  // `packet` begins with an IP header of the socket's family. Errors: the kernel's, attempt "send to ADDRESS";
  // ENOBUFS and EAGAIN mean a full local queue, EPERM a local firewall, ENETUNREACH no route.
  [[nodiscard]] Result<void> send(const IpAddress& destination, std::span<const std::uint8_t> packet);

 private:
  RawIpSocket(UniqueFd fd, Family family) : fd_(std::move(fd)), family_(family) {}
  UniqueFd fd_;
  Family family_;
};

}  // namespace tcp::net
