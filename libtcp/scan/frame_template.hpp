// SPDX-License-Identifier: MIT
// A probe or reset as bytes that are made once for a way and then only filled in: the fields that differ from one to
// the next are written, and both checksums follow from what was summed before (RFC 1071 §2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/mac_address.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/scan/probe_shape.hpp"

namespace tcp::scan {

// What an Ethernet frame needs beside the address of the next hop.
struct LinkHeader {
  MacAddress source;
  std::optional<std::uint16_t> vlan = {};  // identifier, IEEE 802.1Q
};

// The numbers of one segment.
struct SegmentNumbers {
  std::uint16_t source_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint16_t identification = 0;  // IPv4 only
  std::uint32_t timestamp = 0;       // when there are options
};

class FrameTemplate {
 public:
  // Room for any frame; write() touches all of it.
  static constexpr std::size_t kBytes = 128;

  FrameTemplate() = default;
  // `link` absent: the packet begins with its IP header. `source` is this host's address on the way, `mtu` that of the
  // way, from which the MSS follows when the shape names none.
  FrameTemplate(const std::optional<LinkHeader>& link, const IpAddress& source, std::uint32_t mtu,
                const ProbeShape& shape);

  // Of a whole frame, and of its link header alone.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t link_size() const noexcept { return link_size_; }

  // `target` must be of the source's family; `next_hop` is left out without a link header.
  void write(std::uint8_t* to, const MacAddress& next_hop, const Endpoint& target,
             const SegmentNumbers& numbers) const noexcept;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
  std::uint8_t size_ = 0;
  std::uint8_t link_size_ = 0;
  bool v4_ = true;
  bool has_timestamp_ = false;
  std::uint32_t ip_sum_ = 0;       // of the IPv4 header without the fields that write() fills in
  std::uint32_t segment_sum_ = 0;  // of pseudo-header and segment without them; in the byte order of this host
};

}  // namespace tcp::scan
