// SPDX-License-Identifier: MIT
// Our probe as an ICMP error gives it back, field by field, and how that differs from what we sent. What was not quoted
// is unknown: RFC 792 promises eight bytes of TCP, Linux gives all.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/mpls.hpp"
#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

// What a box on the way may change.
enum class Field : std::uint8_t {
  source_address,
  source_port,
  destination_address,
  destination_port,
  dscp,
  ecn,
  identification,  // IPv4
  dont_fragment,   // IPv4
  flow_label,      // IPv6
  time_to_live,    // above one where it expired: raised on the way, or not counted down in a tunnel
  sequence,
  control_bits,
  window,
  mss,
  window_scale,
  selective_ack,
  timestamps,
  other_options,
  option_order,
  payload,
  checksum,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::checksum) + 1;

// A field's value in words; nothing where it was not quoted, or is not of the family.
class FieldValues {
 public:
  [[nodiscard]] const std::optional<std::string>& operator[](Field field) const {
    return values_[static_cast<std::size_t>(field)];
  }
  void set(Field field, std::string value) { values_[static_cast<std::size_t>(field)] = std::move(value); }
  void forget(Field field) { values_[static_cast<std::size_t>(field)].reset(); }

 private:
  std::array<std::optional<std::string>, kFieldCount> values_;
};

// What is told of an option that is not there.
inline constexpr std::string_view kAbsent = "absent";
inline constexpr std::string_view kReplacedByNop = "replaced by NOP";

// The quote of an ICMP error; owns everything.
struct QuotedProbe {
  Endpoint source;
  Endpoint destination;
  std::uint32_t sequence = 0;
  std::uint16_t identification = 0;
  std::uint8_t time_to_live = 0;
  std::size_t quoted_bytes = 0;       // of the TCP segment
  std::vector<std::uint8_t> segment;  // they, at most as many as the largest header
  std::size_t segment_length = 0;     // as the quoted IP header says
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  bool dont_fragment = false;
  std::uint32_t flow_label = 0;
  std::vector<packet::MplsLabel> labels;
};

// Nothing when the quote is no TCP, or too short to tell whose.
[[nodiscard]] std::optional<QuotedProbe> read_quote(const packet::IcmpView& icmp);

[[nodiscard]] FieldValues describe_sent(const FourTuple& tuple, const Segment& segment);
// `sent` tells where an option stood.
[[nodiscard]] FieldValues describe_quote(const QuotedProbe& quote, const Segment& sent);

// True when both are known and not the same. The order of options counts only where both have the same options.
[[nodiscard]] bool differs(Field field, const FieldValues& sent, const FieldValues& seen);

// A field whose value is another in each probe: that it was changed can be followed along the path, its value cannot.
[[nodiscard]] bool is_of_one_probe(Field field) noexcept;

[[nodiscard]] std::string_view to_string(Field field);

}  // namespace tcp::trace
