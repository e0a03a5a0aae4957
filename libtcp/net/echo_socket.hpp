// SPDX-License-Identifier: MIT
// Sends ICMP or ICMPv6 echo requests, many with one system call, and receives what answers them: through a raw socket,
// which also sees ICMP errors, or through a ping socket, which needs no privilege where net.ipv4.ping_group_range has
// the group of this process (icmp(7)).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/frame_sender.hpp"

namespace tcp::net {

// Bytes of one message that are looked at: an ICMPv6 error has 8, and quotes 48 of a request without extensions.
inline constexpr std::size_t kEchoSnapshotBytes = 256;

struct EchoSocketOptions {
  Family family = Family::v4;
  bool raw = true;                                    // needs CAP_NET_RAW to open
  std::optional<std::uint32_t> interface_index = {};  // SO_BINDTOIFINDEX
  std::optional<IpAddress> source = {};               // of that family
  std::uint8_t time_to_live = 64;
};

struct EchoRequest {
  IpAddress destination;
  std::span<const std::uint8_t> message;  // from the ICMP header on; a ping socket puts an identifier of its own in it
};

class EchoSocket {
 public:
  // A message from its ICMP header on, with a checksum that is right, and who sent it.
  using Receiver = std::function<void(const IpAddress& sender, std::span<const std::uint8_t> message)>;

  // Errors: not permitted, with the way out as its hint; an address that is none of this host.
  [[nodiscard]] static Result<EchoSocket> open(const EchoSocketOptions& options);

  // Those from the front, for which there is room.
  [[nodiscard]] Flushed send(std::span<const EchoRequest> requests);
  // Whatever has come, at most `most` messages. Errors: those of the kernel.
  [[nodiscard]] Result<void> receive(std::size_t most, const Receiver& receiver);
  // Messages that found no room, since the last call.
  [[nodiscard]] std::uint64_t take_drop_count();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] Family family() const noexcept { return family_; }

 private:
  EchoSocket(UniqueFd fd, const EchoSocketOptions& options)
      : fd_(std::move(fd)), family_(options.family), raw_(options.raw) {}
  void hand_over(const IpAddress& sender, std::span<const std::uint8_t> bytes, const Receiver& receiver) const;

  UniqueFd fd_;
  Family family_;
  bool raw_;
  std::uint32_t drops_ = 0;  // as they were told last
};

}  // namespace tcp::net
