// SPDX-License-Identifier: MIT
// What the kernel tells of its own accord to a netlink multicast group (netlink(7), NETLINK_ADD_MEMBERSHIP).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/netlink.hpp"

namespace tcp::net {

class NetlinkGroups {
 public:
  // In the network namespace of the calling thread, for good. Errors: not_permitted, the kernel's.
  [[nodiscard]] static Result<NetlinkGroups> open(int protocol, std::span<const unsigned> groups);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  // Hands over what waits, at most some hundred messages, without waiting for more. Errors: the handler's, malformed,
  // the kernel's.
  [[nodiscard]] Result<void> receive(const NetlinkHandler& handler);
  // How often the kernel had no room for what it wanted to tell and dropped an unknown number of messages.
  [[nodiscard]] std::uint64_t overruns() const noexcept { return overruns_; }

 private:
  explicit NetlinkGroups(UniqueFd fd);
  UniqueFd fd_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::uint64_t overruns_ = 0;
};

}  // namespace tcp::net
