// SPDX-License-Identifier: MIT
// Segments on their way to a tracker, each with its place in the table already worked out: so many that the memory they
// need can be asked for ahead, and that handing them to another thread costs little.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/trace/connection_table.hpp"

namespace tcp::trace {

// As small as it can be: it goes from one core to another.
struct WaitingSegment {
  ConnectionKey key;
  packet::SegmentContent content;
  std::int64_t time = 0;
  std::uint32_t hash = 0;
  std::uint32_t way = kNone;  // among the batch's
  bool from_high = false;
};

// Two cores work on neighbouring ones at a time: none shares a cache line with another, nor a pair that is fetched
// together.
class alignas(128) SegmentBatch {
 public:
  static constexpr std::size_t kMost = 256;

  // `hasher`: of the table that they are for.
  explicit SegmentBatch(const ConnectionHasher& hasher) : hasher_(hasher) {}

  [[nodiscard]] bool full() const noexcept { return size_ == kMost; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const WaitingSegment& operator[](std::size_t index) const noexcept { return waiting_[index]; }
  void prefetch(std::size_t index) const noexcept {
    const auto* waiting = reinterpret_cast<const char*>(&waiting_[index]);
    __builtin_prefetch(waiting);
    __builtin_prefetch(waiting + sizeof(WaitingSegment) - 1);
  }
  [[nodiscard]] const packet::WayIn* way_of(const WaitingSegment& waiting) const noexcept {
    return waiting.way == kNone ? nullptr : &ways_[waiting.way];
  }

  // There must be room. `way`: what it was wrapped in, null for nothing. The segment's options are copied, when it is a
  // SYN.
  void add(const packet::FlowSegment& segment, WallTime time, const packet::WayIn* way = nullptr) {
    next() = segment;
    add_next(segment, time, way);
  }
  // The same of one whose content is written in its place: what is read at once in large parts after it was written in
  // small ones makes the processor wait.
  [[nodiscard]] packet::SegmentContent& next() noexcept { return waiting_[size_].content; }
  void add_next(const packet::FlowEnds& ends, WallTime time, const packet::WayIn* way = nullptr) {
    WaitingSegment& waiting = waiting_[size_];
    waiting.time = time.time_since_epoch().count();
    waiting.way = kNone;
    std::uint32_t way_key = 0;
    if (way != nullptr) {
      waiting.way = static_cast<std::uint32_t>(ways_.size());
      ways_.push_back(*way);
      way_key = way->flow_key();
    }
    waiting.key =
        make_key(ends.source, ends.source_port, ends.destination, ends.destination_port, way_key, waiting.from_high);
    waiting.hash = hasher_(waiting.key);
    keep_options(waiting.content);
    ++size_;
  }
  void clear() noexcept {
    size_ = 0;
    ways_.clear();
  }

  // What following them has decided, when the tracker tells gists; whoever reads them empties it.
  [[nodiscard]] std::vector<HandshakeGist>& gists() noexcept { return gists_; }

 private:
  using Options = std::array<std::uint8_t, 40>;

  // What is in the frame is gone when the batch is taken, and only a SYN's options are looked at.
  void keep_options(packet::SegmentContent& content) noexcept {
    std::size_t length = 0;
    Options& options = options_[size_];
    if (content.has(packet::control::syn)) {
      length = std::min(content.options.size(), options.size());
      std::copy_n(content.options.begin(), length, options.begin());
    }
    content.options = {options.data(), length};
  }

  ConnectionHasher hasher_;
  std::size_t size_ = 0;

  std::array<WaitingSegment, kMost> waiting_{};
  std::array<Options, kMost> options_;  // of SYNs, at the same place
  std::vector<packet::WayIn> ways_;
  std::vector<HandshakeGist> gists_;
};

}  // namespace tcp::trace
