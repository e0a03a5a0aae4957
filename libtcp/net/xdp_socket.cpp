// SPDX-License-Identifier: MIT
#include "libtcp/net/xdp_socket.hpp"

#include <linux/if_xdp.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

constexpr std::uint32_t kSlots = 1024;      // of the frames and of both rings; a power of two
constexpr std::uint32_t kSlotBytes = 2048;  // the kernel's smallest
constexpr std::uint32_t kFillSlots = 64;    // the ring has to exist, though nothing is received
constexpr int kSendBufferBytes = 4 << 20;
constexpr int kTransmitBudget = 9;  // XDP_MAX_TX_SKB_BUDGET of newer headers: frames a system call, 32 unless told
constexpr std::uint32_t kBudget = 256;

std::atomic_ref<std::uint32_t> shared(std::uint32_t* position) noexcept { return std::atomic_ref(*position); }

// The queue or this call's share of it is full, or the device did not take a frame.
bool is_full(int error_number) noexcept {
  return is_full_queue(error_number) || error_number == EBUSY || error_number == EINTR;
}

}  // namespace

Result<std::unique_ptr<XdpSocket>> XdpSocket::open() {
  std::unique_ptr<XdpSocket> socket(new XdpSocket);
  TCP_TRY(socket->set_up());
  return socket;
}

Result<void> XdpSocket::set_up() {
  fd_ = UniqueFd(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd_) return privileged_call_error("open AF_XDP socket", Capability::net_raw);
  TCP_TRY_ASSIGN(frames, Mapping::make(-1, std::size_t{kSlots} * kSlotBytes, 0, "map frames"));
  frames_ = std::move(frames);
  xdp_umem_reg region{};
  region.addr = reinterpret_cast<std::uintptr_t>(frames_.data());
  region.len = frames_.size();
  region.chunk_size = kSlotBytes;
  const bool made = set_option(fd_.get(), SOL_XDP, XDP_UMEM_REG, region) &&
                    set_option(fd_.get(), SOL_XDP, XDP_UMEM_FILL_RING, kFillSlots) &&
                    set_option(fd_.get(), SOL_XDP, XDP_UMEM_COMPLETION_RING, kSlots) &&
                    set_option(fd_.get(), SOL_XDP, XDP_TX_RING, kSlots);
  if (!made) return system_error("set up AF_XDP socket");
  try_option(fd_.get(), SOL_XDP, kTransmitBudget, kBudget);
  if (!set_option(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, kSendBufferBytes)) {
    try_option(fd_.get(), SOL_SOCKET, SO_SNDBUF, kSendBufferBytes);
  }
  xdp_mmap_offsets offsets{};
  socklen_t length = sizeof offsets;
  if (::getsockopt(fd_.get(), SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) != 0 || length < sizeof offsets) {
    return system_error("set up AF_XDP socket");
  }
  TCP_TRY_ASSIGN(transmit, map_ring(offsets.tx.producer, offsets.tx.consumer, offsets.tx.desc, sizeof(xdp_desc),
                                    XDP_PGOFF_TX_RING));
  transmit_ = std::move(transmit);
  TCP_TRY_ASSIGN(completion, map_ring(offsets.cr.producer, offsets.cr.consumer, offsets.cr.desc, sizeof(std::uint64_t),
                                      XDP_UMEM_PGOFF_COMPLETION_RING));
  completion_ = std::move(completion);
  for (std::uint32_t i = kSlots; i-- > 0;) free_.push_back(i);
  return {};
}

Result<XdpSocket::Ring> XdpSocket::map_ring(std::uint64_t producer, std::uint64_t consumer, std::uint64_t entries,
                                            std::size_t entry_bytes, std::int64_t page_offset) {
  TCP_TRY_ASSIGN(memory, Mapping::make(fd_.get(), entries + kSlots * entry_bytes, page_offset, "map AF_XDP ring"));
  Ring ring;
  ring.producer = reinterpret_cast<std::uint32_t*>(memory.data() + producer);
  ring.consumer = reinterpret_cast<std::uint32_t*>(memory.data() + consumer);
  ring.entries = memory.data() + entries;
  ring.memory = std::move(memory);
  return ring;
}

Result<void> XdpSocket::bind(std::uint32_t interface_index) {
  sockaddr_xdp address{};
  address.sxdp_family = AF_XDP;
  address.sxdp_flags = XDP_COPY;
  address.sxdp_ifindex = interface_index;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return system_error("bind AF_XDP socket");
  }
  return {};
}

std::uint32_t XdpSocket::in_ring() const noexcept {
  return published_ - shared(transmit_.consumer).load(std::memory_order_acquire);
}

bool XdpSocket::has_unsent() const noexcept { return in_ring() != 0; }

void XdpSocket::collect_sent() noexcept {
  const std::uint32_t end = shared(completion_.producer).load(std::memory_order_acquire);
  if (completed_ == end) return;
  const auto* addresses = static_cast<const std::uint64_t*>(completion_.entries);
  for (; completed_ != end; ++completed_) {
    free_.push_back(static_cast<std::uint32_t>(addresses[completed_ % kSlots] / kSlotBytes));
  }
  shared(completion_.consumer).store(completed_, std::memory_order_release);
}

std::uint8_t* XdpSocket::slot() {
  if (free_.empty()) collect_sent();
  if (free_.empty() || (produced_ == published_ && has_unsent())) return nullptr;
  return frames_.data() + std::size_t{free_.back()} * kSlotBytes;
}

void XdpSocket::push(std::size_t length) {
  auto* descriptors = static_cast<xdp_desc*>(transmit_.entries);
  descriptors[produced_++ % kSlots] = {std::uint64_t{free_.back()} * kSlotBytes, static_cast<std::uint32_t>(length), 0};
  free_.pop_back();
}

Flushed XdpSocket::flush() {
  const std::size_t count = produced_ - published_;
  shared(transmit_.producer).store(produced_, std::memory_order_release);
  published_ = produced_;
  for (std::uint32_t before = in_ring(); before > 0;) {
    const bool sent = ::sendto(fd_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) >= 0;
    const int error_number = sent ? 0 : errno;
    if (error_number != 0 && !is_full(error_number)) return {0, error_number};
    const std::uint32_t left = in_ring();
    if (error_number == EBUSY || left == before) break;
    before = left;
  }
  collect_sent();
  return {count, 0};
}

}  // namespace tcp::net
