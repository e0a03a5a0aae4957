// SPDX-License-Identifier: MIT
#include "libtcp/net/frame_helper.hpp"

#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <system_error>

namespace tcp::net {
namespace {

constexpr auto kFullQueuePause = std::chrono::microseconds(200);
constexpr unsigned kMostPauses = 5'000;  // a second, then the queue is no queue any more

}  // namespace

bool FrameHelper::is_of_use() noexcept {
  cpu_set_t cores;
  return ::sched_getaffinity(0, sizeof cores, &cores) == 0 && CPU_COUNT(&cores) > 1;
}

Result<std::unique_ptr<FrameHelper>> FrameHelper::open() {
  std::array<std::unique_ptr<FrameSocket>, kBatches> batches;
  for (auto& batch : batches) {
    TCP_TRY_ASSIGN(socket, FrameSocket::open());
    batch = std::move(socket);
  }
  return std::unique_ptr<FrameHelper>(new FrameHelper(std::move(batches)));
}

FrameHelper::~FrameHelper() {
  if (!thread_.joinable()) return;
  ends_.store(true, std::memory_order_relaxed);
  give();  // wakes it
  thread_.join();
}

// Signals stay with whoever handles them.
bool FrameHelper::start() {
  if (thread_.joinable()) return true;
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    // as many threads as there may be
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread_.joinable();
}

void FrameHelper::give() noexcept {
  published_.store(++given_, std::memory_order_release);
  published_.notify_one();
}

Flushed FrameHelper::flush() {
  const std::size_t count = batch().unsent();
  if (count == 0) return {};
  if (!start()) {
    batch().forget();
    return {0, EAGAIN};
  }
  give();
  return {count, 0};
}

FrameHelper::Failed FrameHelper::take_failed() noexcept {
  const int error_number = failure_.exchange(0, std::memory_order_acquire);
  return {failed_frames_.exchange(0, std::memory_order_relaxed), error_number};
}

void FrameHelper::run() noexcept {
  for (std::uint32_t done = 0; !ends_.load(std::memory_order_relaxed); done_.store(++done, std::memory_order_release)) {
    published_.wait(done, std::memory_order_acquire);
    send(*batches_[done % kBatches]);
  }
}

void FrameHelper::send(FrameSocket& batch) noexcept {
  Flushed flushed = batch.send();
  for (unsigned pauses = 0; is_full_queue(flushed.error_number) && pauses < kMostPauses; ++pauses) {
    if (ends_.load(std::memory_order_relaxed)) break;
    std::this_thread::sleep_for(kFullQueuePause);
    flushed = batch.send();
  }
  if (flushed.error_number == 0) return;
  failed_frames_.fetch_add(batch.unsent(), std::memory_order_relaxed);
  failure_.store(flushed.error_number, std::memory_order_release);
  batch.forget();
}

}  // namespace tcp::net
