// SPDX-License-Identifier: MIT
// Reads capture files of any writer: pcap (draft-ietf-opsawg-pcap; either byte order, micro- and nanoseconds) and
// pcapng (draft-ietf-opsawg-pcapng; several sections and interfaces). No I/O: the caller hands over the bytes that are
// there, a whole mapped file or what a pipe gave so far, and each frame is a view into them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

struct SavefileFrame {
  Bytes bytes;                        // a view into what was handed over
  std::uint32_t original_length = 0;  // on the wire; at least bytes.size()
  WallTime time;                      // zero when the file does not say (pcapng's simple packets)
  std::uint16_t link_type = 0;        // LINKTYPE_ number
};

enum class SavefileStep : std::uint8_t {
  frame,   // one was read
  skip,    // something that is no frame was passed over
  more,    // what is there ends inside a header or a frame
  broken,  // the bytes contradict the format: reason() says how
};

class SavefileReader {
 public:
  // Reads at most one frame from the front of `available`; consumed() says how many bytes to take away before the next
  // call. `more`: call again with at least needed() bytes, or, when there are none, the file ends here: properly if
  // nothing is left, otherwise it was cut off.
  [[nodiscard]] SavefileStep next(Bytes available, SavefileFrame& frame) {
    if (kind_ == Kind::pcap) return next_record(available, frame);
    return next_block(available, frame);
  }

  // The file's kind is known.
  [[nodiscard]] bool begun() const noexcept { return kind_ != Kind::unknown; }
  [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }
  [[nodiscard]] std::size_t needed() const noexcept { return needed_; }
  [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

 private:
  enum class Kind : std::uint8_t { unknown, pcap, pcapng };
  // A pcapng interface description.
  struct Interface {
    std::uint16_t link_type = 0;
    std::uint32_t snapshot_length = 0;  // 0: no limit
    std::uint64_t ticks_per_second = 1'000'000;
    std::int64_t offset_seconds = 0;
  };

  SavefileStep next_record(Bytes available, SavefileFrame& frame) {
    constexpr std::size_t kRecordHeader = 16;
    constexpr std::uint32_t kLargestFrame = 256 * 1024;  // libpcap's MAXIMUM_SNAPLEN
    if (available.size() < kRecordHeader) return want(kRecordHeader);
    const std::uint8_t* at = available.data();
    const std::uint32_t captured = u32(at + 8);
    if (captured > kLargestFrame) return broken("a frame claims more than 262144 bytes");
    const std::size_t whole = kRecordHeader + captured;
    if (available.size() < whole) return want(whole);
    const std::uint64_t fraction = u32(at + 4);
    const std::uint64_t nanoseconds =
        u32(at) * std::uint64_t{1'000'000'000} + (nanoseconds_ ? fraction : fraction * 1000);
    frame.bytes = Bytes(at + kRecordHeader, captured);
    frame.original_length = std::max(u32(at + 12), captured);
    frame.time = WallTime(Duration(static_cast<std::int64_t>(nanoseconds)));
    frame.link_type = link_type_;
    consumed_ = whole;
    return SavefileStep::frame;
  }
  SavefileStep next_block(Bytes available, SavefileFrame& frame);
  SavefileStep read_file_header(Bytes available);
  SavefileStep read_section_header(Bytes block);
  SavefileStep read_interface(Bytes body);
  SavefileStep read_packet(std::uint32_t type, Bytes body, SavefileFrame& frame);
  SavefileStep read_simple_packet(Bytes body, SavefileFrame& frame);
  void read_interface_options(Bytes options, Interface& interface) const;
  [[nodiscard]] WallTime time_of(const Interface& interface, std::uint64_t ticks) const;

  SavefileStep want(std::size_t bytes) {
    needed_ = bytes;
    consumed_ = 0;
    return SavefileStep::more;
  }
  SavefileStep broken(std::string_view reason) {
    reason_ = reason;
    consumed_ = 0;
    return SavefileStep::broken;
  }

  [[nodiscard]] std::uint16_t u16(const std::uint8_t* at) const noexcept;
  [[nodiscard]] std::uint32_t u32(const std::uint8_t* at) const noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return big_endian_ == (std::endian::native == std::endian::big) ? value : __builtin_bswap32(value);
  }

  Kind kind_ = Kind::unknown;
  bool big_endian_ = false;
  bool nanoseconds_ = false;           // pcap
  std::uint16_t link_type_ = 0;        // pcap
  std::vector<Interface> interfaces_;  // pcapng, of the current section
  std::size_t consumed_ = 0;
  std::size_t needed_ = 0;
  std::string_view reason_;
};

}  // namespace tcp::packet
