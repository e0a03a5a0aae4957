// SPDX-License-Identifier: MIT
#include "libtcp/trace/tracker_thread.hpp"

#include <utility>

namespace tcp::trace {
namespace {

// Some ten microseconds: a batch takes about as long, and a thread that sleeps between two batches costs more in waking
// than it saves, and may come to run where the other one does.
constexpr int kLooksBeforeSleep = 1000;

void pause_briefly() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

TrackerThread::TrackerThread(HandshakeTracker& tracker) : tracker_(tracker) {
  for (auto& batch : ring_) batch = std::make_unique<SegmentBatch>(tracker.hasher());
  thread_ = std::thread([this] { work(); });
}

void TrackerThread::wait_for_change(const Count& count, std::uint32_t from) {
  for (int i = 0; i < kLooksBeforeSleep; ++i) {
    if (count.load(std::memory_order_acquire) != from) return;
    pause_briefly();
  }
  count.wait(from, std::memory_order_acquire);
}

std::unique_ptr<SegmentBatch> TrackerThread::give(std::unique_ptr<SegmentBatch> batch) {
  const std::uint32_t given = given_.load(std::memory_order_relaxed);
  while (given - taken_.load(std::memory_order_acquire) == kBatches) wait_for_change(taken_, given - kBatches);
  std::swap(batch, ring_[given % kBatches]);
  given_.store(given + 1, std::memory_order_release);
  given_.notify_one();
  return batch;
}

void TrackerThread::drain() {
  const std::uint32_t given = given_.load(std::memory_order_relaxed);
  std::uint32_t taken = taken_.load(std::memory_order_acquire);
  while (taken != given) {
    wait_for_change(taken_, taken);
    taken = taken_.load(std::memory_order_acquire);
  }
}

void TrackerThread::take_gists(std::vector<HandshakeGist>& gists) {
  for (auto& batch : ring_) {
    gists.insert(gists.end(), batch->gists().begin(), batch->gists().end());
    batch->gists().clear();
  }
}

// An empty batch is the end; what was given before it is done first.
void TrackerThread::stop() {
  if (!thread_.joinable()) return;
  drain();
  auto last = give(std::make_unique<SegmentBatch>(tracker_.hasher()));
  thread_.join();
  std::swap(last, ring_[(given_.load(std::memory_order_relaxed) - 1) % kBatches]);  // its gists
}

// A batch counts as taken when it is done, so its place is not written meanwhile.
void TrackerThread::work() {
  for (std::uint32_t taken = 0;; ++taken) {
    wait_for_change(given_, taken);
    SegmentBatch& batch = *ring_[taken % kBatches];
    if (batch.size() == 0) return;
    tracker_.follow(batch);
    batch.clear();
    tracker_.take_gists(batch.gists());
    taken_.store(taken + 1, std::memory_order_release);
    taken_.notify_one();
  }
}

}  // namespace tcp::trace
