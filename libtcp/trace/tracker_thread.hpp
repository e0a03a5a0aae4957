// SPDX-License-Identifier: MIT
// A thread that follows connections while another reads and decodes: for capture files, where both have enough to do.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "libtcp/trace/segment_batch.hpp"
#include "libtcp/trace/tracker.hpp"

namespace tcp::trace {

class TrackerThread {
 public:
  // Until stop() the tracker, and its observer, belong to the thread; between drain() and the next give() they may be
  // used from outside.
  explicit TrackerThread(HandshakeTracker& tracker);
  ~TrackerThread() { stop(); }
  TrackerThread(const TrackerThread&) = delete;
  TrackerThread& operator=(const TrackerThread&) = delete;

  // Hands a batch over and gives back an empty one; waits while the thread is too far behind.
  [[nodiscard]] std::unique_ptr<SegmentBatch> give(std::unique_ptr<SegmentBatch> batch);
  // Waits until all that was given is done.
  void drain();
  void stop();
  // Gists of batches that nobody has got back yet; after a drain() or stop().
  void take_gists(std::vector<HandshakeGist>& gists);

 private:
  static constexpr std::size_t kBatches = 16;

  void work();

  HandshakeTracker& tracker_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<std::unique_ptr<SegmentBatch>, kBatches> ring_;  // full from taken_ to given_, the others empty
  std::size_t given_ = 0;
  std::size_t taken_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tcp::trace
