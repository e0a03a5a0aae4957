// SPDX-License-Identifier: MIT
// A second core for frames: a thread that does nothing but hand over to the kernel what was written here, which is most
// of the work of sending.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include "libtcp/net/frame_sender.hpp"
#include "libtcp/net/frame_socket.hpp"

namespace tcp::net {

class FrameHelper final : public FrameSender {
 public:
  // This process may run on more than one core.
  [[nodiscard]] static bool is_of_use() noexcept;
  // Needs CAP_NET_RAW. The thread begins with the first batch: it has what privileges are left by then.
  [[nodiscard]] static Result<std::unique_ptr<FrameHelper>> open();
  ~FrameHelper() override;
  FrameHelper(const FrameHelper&) = delete;
  FrameHelper& operator=(const FrameHelper&) = delete;

  // For another batch; the calls that have to do with one need it.
  [[nodiscard]] bool has_room() const noexcept { return given_ - done_.load(std::memory_order_acquire) < kBatches; }
  // Before the first slot of a batch.
  [[nodiscard]] Result<void> use_interface(std::uint32_t interface_index) {
    return batch().use_interface(interface_index);
  }
  [[nodiscard]] std::uint8_t* slot() override { return batch().slot(); }
  void push(std::size_t length) override { batch().push(length); }
  // Gives the batch away; a full queue is waited for there. Error: EAGAIN, no thread is to be had.
  [[nodiscard]] Flushed flush() override;

  // What earlier batches did not get away, and why not the last of it; then begins anew.
  struct Failed {
    std::uint64_t frames = 0;
    int error_number = 0;
  };
  [[nodiscard]] Failed take_failed() noexcept;

 private:
  static constexpr std::uint32_t kBatches = 4;  // so that the thread need not sleep between two

  explicit FrameHelper(std::array<std::unique_ptr<FrameSocket>, kBatches> batches) : batches_(std::move(batches)) {}
  [[nodiscard]] FrameSocket& batch() noexcept { return *batches_[given_ % kBatches]; }
  [[nodiscard]] bool start();
  void give() noexcept;
  void run() noexcept;
  void send(FrameSocket& batch) noexcept;

  std::array<std::unique_ptr<FrameSocket>, kBatches> batches_;  // from done_ to given_ the thread's, the others ours
  std::uint32_t given_ = 0;
  std::atomic<std::uint32_t> published_{0};  // given_, for the thread
  std::atomic<std::uint32_t> done_{0};
  std::atomic<std::uint64_t> failed_frames_{0};
  std::atomic<int> failure_{0};
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

}  // namespace tcp::net
