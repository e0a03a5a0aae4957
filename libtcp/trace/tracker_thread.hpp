// SPDX-License-Identifier: MIT
// A thread that follows connections while another reads and decodes: for capture files, where both have enough to do.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
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

  // Hands a batch that is not empty over and gives back an empty one; waits while the thread is too far behind.
  [[nodiscard]] std::unique_ptr<SegmentBatch> give(std::unique_ptr<SegmentBatch> batch);
  // Waits until all that was given is done.
  void drain();
  void stop();
  // Gists of batches that nobody has got back yet; after a drain() or stop().
  void take_gists(std::vector<HandshakeGist>& gists);

 private:
  static constexpr std::uint32_t kBatches = 16;

  using Count = std::atomic<std::uint32_t>;
  static void wait_for_change(const Count& count, std::uint32_t from);
  void work();

  HandshakeTracker& tracker_;
  std::array<std::unique_ptr<SegmentBatch>, kBatches> ring_;  // full from taken_ to given_, the others empty
  // Both only grow, and wrap around: one is written by those who give, the other by the thread.
  alignas(64) Count given_ = 0;
  alignas(64) Count taken_ = 0;
  std::thread thread_;
};

}  // namespace tcp::trace
