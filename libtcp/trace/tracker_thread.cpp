// SPDX-License-Identifier: MIT
#include "libtcp/trace/tracker_thread.hpp"

#include <utility>

namespace tcp::trace {

TrackerThread::TrackerThread(HandshakeTracker& tracker) : tracker_(tracker) {
  for (auto& batch : ring_) batch = std::make_unique<SegmentBatch>(tracker.hasher());
  thread_ = std::thread([this] { work(); });
}

std::unique_ptr<SegmentBatch> TrackerThread::give(std::unique_ptr<SegmentBatch> batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return given_ - taken_ < kBatches; });
  std::swap(batch, ring_[given_ % kBatches]);
  const bool waits = given_++ == taken_;
  lock.unlock();
  if (waits) changed_.notify_all();
  return batch;
}

void TrackerThread::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return given_ == taken_; });
}

void TrackerThread::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void TrackerThread::take_gists(std::vector<HandshakeGist>& gists) {
  for (auto& batch : ring_) {
    gists.insert(gists.end(), batch->gists().begin(), batch->gists().end());
    batch->gists().clear();
  }
}

// What was given is done before the stop. A batch counts as taken when it is done, so its place is not written
// meanwhile.
void TrackerThread::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || given_ != taken_; });
    if (given_ == taken_) return;
    SegmentBatch& batch = *ring_[taken_ % kBatches];
    lock.unlock();
    tracker_.follow(batch);
    batch.clear();
    tracker_.take_gists(batch.gists());
    lock.lock();
    ++taken_;
    // One that waits for room is woken when there is enough to be worth it.
    if (given_ - taken_ == kBatches / 2 || given_ == taken_) changed_.notify_all();
  }
}

}  // namespace tcp::trace
