// SPDX-License-Identifier: MIT
// From captured frames to a tracker: the short way for plain segments, through all tunnels for the others.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "libtcp/net/byte_source.hpp"
#include "libtcp/packet/savefile_reader.hpp"
#include "libtcp/trace/tracker.hpp"

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
  explicit FrameReader(HandshakeTracker& tracker) : tracker_(tracker) {}

  void on_frame(packet::Bytes frame, std::uint16_t link_type, WallTime time);
  [[nodiscard]] const FrameCounts& counts() const noexcept { return counts_; }
  void count_filtered() noexcept { ++counts_.filtered; }

 private:
  void on_wrapped(packet::Bytes frame, packet::LinkType link_type, WallTime time);

  HandshakeTracker& tracker_;
  FrameCounts counts_;
};

// Every frame of a savefile in its order. `on_frame` returns false to stop. Errors: the file's; malformed, after the
// frames that could be read, when the file breaks off or contradicts itself.
[[nodiscard]] Result<void> read_savefile(net::ByteSource& source,
                                         const std::function<bool(const packet::SavefileFrame&)>& on_frame);

}  // namespace tcp::trace
