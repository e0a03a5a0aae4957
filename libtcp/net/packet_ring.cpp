// SPDX-License-Identifier: MIT
#include "libtcp/net/packet_ring.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/socket_option.hpp"
#include "libtcp/net/wait.hpp"

namespace tcp::net {
namespace {

constexpr std::uint32_t kSlotBytes = 256;
constexpr std::uint32_t kBlockBytes = 64U << 10;

constexpr std::size_t align(std::size_t bytes) noexcept {
  return (bytes + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT;
}

constexpr std::size_t kAddressOffset = align(sizeof(tpacket2_hdr));
// Where the kernel puts a cooked packet: behind both headers and 16 bytes of room.
constexpr std::size_t kDataOffset = align(kAddressOffset + sizeof(sockaddr_ll)) + 16;
static_assert(kDataOffset + kRingSnapshotBytes <= kSlotBytes);

Result<void> configure(int fd, const PacketRingOptions& options, std::uint32_t blocks) {
  if (!options.filter.empty()) TCP_TRY(attach_filter(fd, options.filter));
  if (!set_option(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)) return system_error("ignore outgoing packets");
  if (!set_option(fd, SOL_PACKET, PACKET_VERSION, int{TPACKET_V2})) return system_error("choose a packet ring");
  tpacket_req request{};
  request.tp_block_size = kBlockBytes;
  request.tp_block_nr = blocks;
  request.tp_frame_size = kSlotBytes;
  request.tp_frame_nr = blocks * (kBlockBytes / kSlotBytes);
  if (!set_option(fd, SOL_PACKET, PACKET_RX_RING, request)) return system_error("make a packet ring");
  return {};
}

Result<void> bind_everywhere(int fd) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error("bind packet ring");
  }
  return {};
}

std::atomic_ref<std::uint32_t> status_of(std::uint8_t* slot) noexcept {
  return std::atomic_ref(reinterpret_cast<tpacket2_hdr*>(slot)->tp_status);
}

ReceivedPacket read_slot(const std::uint8_t* slot) noexcept {
  tpacket2_hdr header;
  sockaddr_ll sender;
  std::memcpy(&header, slot, sizeof header);
  std::memcpy(&sender, slot + kAddressOffset, sizeof sender);
  const std::size_t begin = std::min<std::size_t>(header.tp_net, kSlotBytes);
  ReceivedPacket packet;
  packet.bytes = {slot + begin, std::min<std::size_t>(header.tp_snaplen, kSlotBytes - begin)};
  packet.original_length = header.tp_len;
  packet.time = WallTime(std::chrono::seconds(header.tp_sec) + std::chrono::nanoseconds(header.tp_nsec));
  packet.interface_index = static_cast<std::uint32_t>(sender.sll_ifindex);
  packet.outgoing = sender.sll_pkttype == PACKET_OUTGOING;
  packet.checksum_pending = (header.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
  return packet;
}

}  // namespace

PacketRing::PacketRing(UniqueFd fd, Mapping memory, std::uint32_t slots)
    : fd_(std::move(fd)), memory_(std::move(memory)), slots_(slots) {}

Result<PacketRing> PacketRing::open(const PacketRingOptions& options) {
  // Protocol 0 receives nothing; bind() starts the flow once everything is in place.
  UniqueFd fd(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return privileged_call_error("open packet socket", Capability::net_raw);
  const std::uint32_t blocks = std::max(options.bytes / kBlockBytes, 1U);
  TCP_TRY(configure(fd.get(), options, blocks));
  TCP_TRY_ASSIGN(memory, Mapping::make(fd.get(), std::size_t{blocks} * kBlockBytes, 0, "map a packet ring"));
  TCP_TRY(bind_everywhere(fd.get()));
  return PacketRing(std::move(fd), std::move(memory), blocks * (kBlockBytes / kSlotBytes));
}

bool PacketRing::has_packet() const noexcept {
  std::uint8_t* slot = memory_.data() + std::size_t{position_} * kSlotBytes;
  return (status_of(slot).load(std::memory_order_acquire) & TP_STATUS_USER) != 0;
}

void PacketRing::release_current() noexcept {
  if (!std::exchange(holding_, false)) return;
  status_of(memory_.data() + std::size_t{position_} * kSlotBytes).store(TP_STATUS_KERNEL, std::memory_order_release);
  position_ = position_ + 1 == slots_ ? 0 : position_ + 1;
}

std::optional<ReceivedPacket> PacketRing::next() noexcept {
  release_current();
  if (!has_packet()) return std::nullopt;
  holding_ = true;
  return read_slot(memory_.data() + std::size_t{position_} * kSlotBytes);
}

Result<bool> PacketRing::wait(MonotonicTime deadline) {
  release_current();
  if (has_packet()) return true;
  TCP_TRY_ASSIGN(ready, wait_readable(fd_.get(), deadline));
  if (!ready || has_packet()) return ready;
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0) {
    return system_error("receive packet", error);
  }
  return false;
}

Result<std::uint64_t> PacketRing::take_drop_count() {
  tpacket_stats statistics{};
  socklen_t length = sizeof statistics;
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &statistics, &length) != 0) {
    return system_error("read packet statistics");
  }
  return statistics.tp_drops;
}

}  // namespace tcp::net
