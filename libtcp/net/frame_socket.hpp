// SPDX-License-Identifier: MIT
// Sends Ethernet frames whose headers we wrote ourselves, past the queueing discipline (AF_PACKET, sendmmsg).
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/frame_sender.hpp"

namespace tcp::net {

class FrameSocket final : public FrameSender {
 public:
  // Needs CAP_NET_RAW.
  [[nodiscard]] static Result<std::unique_ptr<FrameSocket>> open();

  // Where frames leave from now on. Needs no privilege. Not between slot() and flush().
  [[nodiscard]] Result<void> use_interface(std::uint32_t interface_index);

  [[nodiscard]] std::uint8_t* slot() override;
  void push(std::size_t length) override;
  [[nodiscard]] Flushed flush() override;
  // The same, but what did not leave stays in the batch, for the next call.
  [[nodiscard]] Flushed send();
  [[nodiscard]] std::size_t unsent() const noexcept { return count_ - sent_; }
  void forget() noexcept { count_ = sent_ = 0; }

 private:
  static constexpr std::size_t kBatch = 128;

  explicit FrameSocket(UniqueFd fd);
  UniqueFd fd_;
  std::uint32_t interface_index_ = 0;
  std::size_t count_ = 0;  // pushed since the last flush
  std::size_t sent_ = 0;   // of them
  std::array<std::array<std::uint8_t, kFrameBytes>, kBatch> frames_;
  std::array<iovec, kBatch> parts_;
  std::array<mmsghdr, kBatch> messages_;
};

}  // namespace tcp::net
