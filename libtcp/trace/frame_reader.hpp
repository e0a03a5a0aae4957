// SPDX-License-Identifier: MIT
// From captured frames to a tracker: the short way for plain segments, through all tunnels for the others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "libtcp/net/byte_source.hpp"
#include "libtcp/packet/savefile_reader.hpp"
#include "libtcp/trace/tracker.hpp"
#include "libtcp/trace/tracker_thread.hpp"

namespace tcp::trace {

struct FrameCounts {
  std::uint64_t frames = 0;
  std::uint64_t filtered = 0;      // the filter did not pass them
  std::uint64_t tunnelled = 0;     // TCP inside something
  std::uint64_t not_tcp = 0;       // other protocols
  std::uint64_t malformed = 0;     // TCP or ICMP that contradicts itself
  std::uint64_t cut = 0;           // the capture ends within the TCP header
  std::uint64_t fragments = 0;     // later ones, and first ones without a whole TCP header
  std::uint64_t unknown_link = 0;  // link types that are not decoded
  WallTime first;                  // of frames with a time
  WallTime last;
};

class FrameReader {
 public:
  // With `thread` the tracker works there, and is to be used only after flush() and a drain of the thread.
  explicit FrameReader(HandshakeTracker& tracker, TrackerThread* thread = nullptr)
      : tracker_(tracker), thread_(thread), batch_(std::make_unique<SegmentBatch>(tracker.hasher())) {}

  // What it holds reaches the tracker when a batch is full, or with flush().
  void on_frame(packet::Bytes frame, std::uint16_t link_type, WallTime time);
  [[nodiscard]] const FrameCounts& counts() const noexcept { return counts_; }
  void flush();
  // Where the gists go of a tracker that tells them; called in the thread that reads.
  void on_gists(std::function<void(std::span<const HandshakeGist>)> handler) { on_gists_ = std::move(handler); }
  // The end: flush(), the thread's, and the tracker's finish().
  void finish();
  void count_filtered() noexcept { ++counts_.filtered; }

 private:
  void hand_on(std::vector<HandshakeGist>& gists);
  void on_wrapped(packet::Bytes frame, packet::LinkType link_type, WallTime time);

  HandshakeTracker& tracker_;
  TrackerThread* thread_;
  std::unique_ptr<SegmentBatch> batch_;
  std::function<void(std::span<const HandshakeGist>)> on_gists_;
  FrameCounts counts_;
};

// The frames of a savefile one after the other.
class SavefileFrames {
 public:
  // `before_waiting` is called when more must be read, which of a pipe can take its time.
  explicit SavefileFrames(net::ByteSource& source, std::function<void()> before_waiting = {})
      : source_(source), before_waiting_(std::move(before_waiting)) {}

  // False at the end of the file. Errors: the file's; malformed, when it breaks off or contradicts itself. The frame is
  // valid until the next call.
  [[nodiscard]] Result<bool> next(packet::SavefileFrame& frame) {
    if (reader_.next(available_.subspan(used_), frame) == packet::SavefileStep::frame) [[likely]] {
      used_ += reader_.consumed();
      return true;
    }
    return next_slowly(frame);
  }

 private:
  [[nodiscard]] Result<bool> next_slowly(packet::SavefileFrame& frame);

  net::ByteSource& source_;
  std::function<void()> before_waiting_;
  packet::SavefileReader reader_;
  packet::Bytes available_;
  std::size_t used_ = 0;  // of what is available
};

// Every frame of a savefile in its order, until `on_frame` returns false. Errors as above, after the frames that could
// be read.
template <class OnFrame>
[[nodiscard]] Result<void> read_savefile(net::ByteSource& source, OnFrame on_frame,
                                         std::function<void()> before_waiting = {}) {
  SavefileFrames frames(source, std::move(before_waiting));
  packet::SavefileFrame frame;
  while (true) {
    TCP_TRY_ASSIGN(more, frames.next(frame));
    if (!more || !on_frame(frame)) return {};
  }
}

}  // namespace tcp::trace
