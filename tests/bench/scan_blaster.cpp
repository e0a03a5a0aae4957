// SPDX-License-Identifier: MIT
// The limit of sending: SYNs built beforehand, through an AF_XDP socket in copy mode, as fast as they leave.
//
//   scan_blaster INTERFACE DESTINATION_MAC SOURCE_ADDRESS FIRST_TARGET SECONDS
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::uint32_t kFrames = 4096;
constexpr std::uint32_t kFrameSize = 2048;
constexpr std::uint32_t kLength = 58;  // Ethernet, IPv4, TCP with an MSS
constexpr std::uint32_t kBatch = 256;
constexpr int kMostInOneCall = 9;  // XDP_MAX_TX_SKB_BUDGET, for kernels that have it

using Frame = std::array<std::uint8_t, kLength>;

void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

template <class Number>
void put(std::uint8_t* at, Number value) {
  std::memcpy(at, &value, sizeof value);
}

std::uint32_t sum(const std::uint8_t* bytes, std::size_t size, std::uint32_t start) {
  for (std::size_t i = 0; i + 1 < size; i += 2) start += static_cast<std::uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  return start;
}

std::uint16_t checksum(std::uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<std::uint16_t>(~sum));
}

Frame make_frame(const std::array<std::uint8_t, 6>& destination, in_addr source, in_addr target, std::uint32_t number) {
  Frame frame{};
  std::memcpy(frame.data(), destination.data(), 6);
  put(&frame[12], htons(ETH_P_IP));
  std::uint8_t* ip = &frame[14];
  std::uint8_t* tcp = ip + 20;
  put<std::uint16_t>(ip, htons(0x4500));
  put(ip + 2, htons(44));
  put(ip + 4, htons(static_cast<std::uint16_t>(number)));
  ip[8] = 64;
  ip[9] = IPPROTO_TCP;
  put(ip + 12, source.s_addr);
  put(ip + 16, htonl(ntohl(target.s_addr) + number));
  put(ip + 10, checksum(sum(ip, 20, 0)));
  put(tcp, htons(40000));
  put(tcp + 2, htons(static_cast<std::uint16_t>(1 + number % 100)));
  put(tcp + 4, htonl(number * 2654435761U));
  put<std::uint16_t>(tcp + 12, htons(0x6002));
  put(tcp + 14, htons(64240));
  put<std::uint32_t>(tcp + 20, htonl(0x020405b4));
  put(tcp + 16, checksum(sum(tcp, 24, sum(ip + 12, 8, IPPROTO_TCP + 24))));
  return frame;
}

struct Ring {
  std::atomic<std::uint32_t>* producer;
  std::atomic<std::uint32_t>* consumer;
};

Ring map_ring(int socket, const xdp_ring_offset& offset, std::size_t entry, long where, void*& entries) {
  auto* base = static_cast<std::uint8_t*>(
      mmap(nullptr, offset.desc + kFrames * entry, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, socket, where));
  if (base == MAP_FAILED) fail("mmap of a ring");
  entries = base + offset.desc;
  return {reinterpret_cast<std::atomic<std::uint32_t>*>(base + offset.producer),
          reinterpret_cast<std::atomic<std::uint32_t>*>(base + offset.consumer)};
}

void set(int socket, int option, const void* value, socklen_t size, const char* what) {
  if (setsockopt(socket, SOL_XDP, option, value, size) != 0) fail(what);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  std::array<std::uint8_t, 6> mac{};
  std::sscanf(argv[2], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4], &mac[5]);
  in_addr source{}, target{};
  inet_pton(AF_INET, argv[3], &source);
  inet_pton(AF_INET, argv[4], &target);
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &unlimited);

  auto* memory = static_cast<std::uint8_t*>(
      mmap(nullptr, std::size_t{kFrames} * kFrameSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (memory == MAP_FAILED) fail("mmap of the frames");
  for (std::uint32_t i = 0; i < kFrames; ++i) {
    const Frame frame = make_frame(mac, source, target, i);
    std::memcpy(memory + std::size_t{i} * kFrameSize, frame.data(), frame.size());
  }
  const int socket = ::socket(AF_XDP, SOCK_RAW, 0);
  if (socket < 0) fail("socket(AF_XDP)");
  xdp_umem_reg region{};
  region.addr = reinterpret_cast<std::uint64_t>(memory);
  region.len = std::uint64_t{kFrames} * kFrameSize;
  region.chunk_size = kFrameSize;
  set(socket, XDP_UMEM_REG, &region, sizeof region, "XDP_UMEM_REG");
  const std::uint32_t size = kFrames;
  set(socket, XDP_UMEM_FILL_RING, &size, sizeof size, "XDP_UMEM_FILL_RING");
  set(socket, XDP_UMEM_COMPLETION_RING, &size, sizeof size, "XDP_UMEM_COMPLETION_RING");
  set(socket, XDP_TX_RING, &size, sizeof size, "XDP_TX_RING");
  setsockopt(socket, SOL_XDP, kMostInOneCall, &kBatch, sizeof kBatch);
  xdp_mmap_offsets offsets{};
  socklen_t length = sizeof offsets;
  if (getsockopt(socket, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) != 0) fail("XDP_MMAP_OFFSETS");
  void* transmit_entries = nullptr;
  void* completed_entries = nullptr;
  const Ring transmit = map_ring(socket, offsets.tx, sizeof(xdp_desc), XDP_PGOFF_TX_RING, transmit_entries);
  const Ring completed = map_ring(socket, offsets.cr, sizeof(std::uint64_t),
                                  static_cast<long>(XDP_UMEM_PGOFF_COMPLETION_RING), completed_entries);
  auto* descriptors = static_cast<xdp_desc*>(transmit_entries);
  sockaddr_xdp address{};
  address.sxdp_family = AF_XDP;
  address.sxdp_flags = XDP_COPY;
  address.sxdp_ifindex = if_nametoindex(argv[1]);
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind(AF_XDP)");

  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(static_cast<long>(atof(argv[5]) * 1000));
  std::uint32_t queued = 0;
  while (std::chrono::steady_clock::now() < end) {
    const std::uint32_t done = completed.producer->load(std::memory_order_acquire);
    completed.consumer->store(done, std::memory_order_release);
    if (queued - done + kBatch <= kFrames) {
      for (std::uint32_t i = 0; i < kBatch; ++i, ++queued) {
        descriptors[queued % kFrames] = {std::uint64_t{queued % kFrames} * kFrameSize, kLength, 0};
      }
      transmit.producer->store(queued, std::memory_order_release);
    }
    sendto(socket, nullptr, 0, MSG_DONTWAIT, nullptr, 0);
  }
  std::printf("%u\n", completed.producer->load());
}
