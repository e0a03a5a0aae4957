// SPDX-License-Identifier: MIT
// Sends Ethernet frames out of memory that is shared with the kernel (AF_XDP, copy mode): no BPF program, nothing is
// received, any interface will do that is up. About a third more frames a second than sendmmsg.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/frame_sender.hpp"
#include "libtcp/net/mapping.hpp"

namespace tcp::net {

class XdpSocket final : public FrameSender {
 public:
  // Needs CAP_NET_RAW, a kernel with AF_XDP, and 2 MiB of memory that may be locked.
  [[nodiscard]] static Result<std::unique_ptr<XdpSocket>> open();

  // Once; needs no privilege. Errors: EBUSY when another process has the interface's first queue, EOPNOTSUPP and others
  // when the interface takes none.
  [[nodiscard]] Result<void> bind(std::uint32_t interface_index);

  [[nodiscard]] std::uint8_t* slot() override;
  void push(std::size_t length) override;
  // A frame that the device refused is lost, as one may be on its way; what stays in the ring leaves with the next
  // flush, and until then there are no slots.
  [[nodiscard]] Flushed flush() override;
  [[nodiscard]] bool has_unsent() const noexcept;

 private:
  // One ring of a kind that is shared with the kernel; positions run on and wrap at 2^32.
  struct Ring {
    Mapping memory;
    std::uint32_t* producer = nullptr;
    std::uint32_t* consumer = nullptr;
    void* entries = nullptr;
  };

  XdpSocket() = default;
  [[nodiscard]] Result<void> set_up();
  [[nodiscard]] Result<Ring> map_ring(std::uint64_t producer, std::uint64_t consumer, std::uint64_t entries,
                                      std::size_t entry_bytes, std::int64_t page_offset);
  void collect_sent() noexcept;
  [[nodiscard]] std::uint32_t in_ring() const noexcept;

  UniqueFd fd_;
  Mapping frames_;
  Ring transmit_;
  Ring completion_;
  std::vector<std::uint32_t> free_;  // slots that the kernel does not have, the latest used last
  std::uint32_t produced_ = 0;       // ours, published by flush()
  std::uint32_t published_ = 0;
  std::uint32_t completed_ = 0;
};

}  // namespace tcp::net
