// SPDX-License-Identifier: MIT
#include "libtcp/trace/quote.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "libtcp/packet/ipv4.hpp"
#include "libtcp/packet/notation.hpp"
#include "libtcp/packet/tcp_option_kind.hpp"

namespace tcp::trace {
namespace {

namespace kind = packet::option_kind;
using packet::Bytes;

constexpr std::size_t kOffsetEnd = 13;   // bytes of TCP up to and with the data offset
constexpr std::size_t kControlEnd = 14;  // … and with the control bits
constexpr std::size_t kWindowEnd = 16;   // … and with the window
constexpr std::size_t kMostKept = 256;   // of a quote
constexpr std::string_view kRight = "right";
constexpr std::string_view kWrong = "wrong";

// Which field an option is told in.
Field field_of(std::uint8_t option) {
  switch (option) {
    case kind::maximum_segment_size: return Field::mss;
    case kind::window_scale: return Field::window_scale;
    case kind::sack_permitted: return Field::selective_ack;
    case kind::timestamps: return Field::timestamps;
    default: return Field::other_options;
  }
}
constexpr std::array kOptionFields{Field::mss, Field::window_scale, Field::selective_ack, Field::timestamps};

bool is_padding(std::uint8_t option) { return option == kind::no_operation || option == kind::end_of_options; }

// "1460", "7", "yes", "12345"; of the others packetdrill's words.
std::string value_of(const packet::TcpOption& option) {
  if (const auto* mss = std::get_if<packet::MaximumSegmentSize>(&option)) return std::to_string(mss->bytes);
  if (const auto* scale = std::get_if<packet::WindowScale>(&option)) return std::to_string(scale->shift);
  if (std::holds_alternative<packet::SackPermitted>(option)) return "yes";
  if (const auto* stamps = std::get_if<packet::Timestamps>(&option)) return std::to_string(stamps->value);
  return packet::notation(packet::TcpOptions{option});
}

// Options as values; `whole` when nothing of them can be missing.
void describe_options(FieldValues& values, const packet::TcpOptions& options, bool whole) {
  std::string order;
  std::string others;
  for (const packet::TcpOption& option : options) {
    const std::uint8_t number = packet::kind_of(option);
    if (is_padding(number)) continue;
    order += (order.empty() ? "" : ",") + std::to_string(number);
    const Field field = field_of(number);
    if (field == Field::other_options) {
      others += (others.empty() ? "" : ",") + value_of(option);
    } else if (!values[field]) {
      values.set(field, value_of(option));
    }
  }
  if (!whole) return;
  values.set(Field::option_order, order);
  values.set(Field::other_options, others.empty() ? std::string(kAbsent) : others);
  for (const Field field : kOptionFields) {
    if (!values[field]) values.set(field, std::string(kAbsent));
  }
}

// Where a box that must not move bytes blanks an option, NOPs stand in its place.
void find_blanked_options(FieldValues& values, Bytes quoted, const packet::TcpOptions& sent) {
  std::size_t offset = 0;
  for (const packet::TcpOption& option : sent) {
    std::array<std::uint8_t, packet::kMaxTcpOptionsLength> buffer;
    packet::Writer writer(buffer);
    if (!serialize(writer, packet::TcpOptions{option})) return;
    const std::size_t end = offset + writer.size();
    const std::uint8_t number = packet::kind_of(option);
    const Field field = field_of(number);
    if (end > quoted.size()) return;
    const auto place = quoted.subspan(offset, writer.size());
    const bool blank = std::ranges::all_of(place, [](std::uint8_t byte) { return byte == kind::no_operation; });
    const bool known_elsewhere = values[field] && *values[field] != kAbsent;
    if (!is_padding(number) && field != Field::other_options && blank && !known_elsewhere) {
      values.set(field, std::string(kReplacedByNop));
    }
    offset = end;
  }
}

void describe_ip(FieldValues& values, const Endpoint& source, const Endpoint& destination, std::uint8_t dscp,
                 std::uint8_t ecn) {
  values.set(Field::source_address, to_string(source.address.without_scope()));
  values.set(Field::source_port, std::to_string(source.port));
  values.set(Field::destination_address, to_string(destination.address.without_scope()));
  values.set(Field::destination_port, std::to_string(destination.port));
  values.set(Field::dscp, std::to_string(dscp));
  values.set(Field::ecn, std::to_string(ecn));
}

void describe_family(FieldValues& values, bool v4, std::uint16_t identification, bool dont_fragment,
                     std::uint32_t flow_label) {
  if (v4) {
    values.set(Field::identification, std::to_string(identification));
    values.set(Field::dont_fragment, dont_fragment ? "set" : "clear");
  } else {
    values.set(Field::flow_label, fmt::format("0x{:05x}", flow_label));
  }
}

void describe_header(FieldValues& values, const QuotedProbe& quote, const Segment& sent) {
  packet::ParseError error{};
  const packet::TcpSegmentView view = packet::parse_tcp_segment(quote.segment, error);
  const std::size_t header = std::size_t{4} * (quote.segment[kOffsetEnd - 1] >> 4);
  if (header < packet::kTcpHeaderLength) return;
  if (quote.segment.size() < packet::kTcpHeaderLength) return;
  const bool whole = quote.segment.size() >= header;
  const Bytes quoted =
      Bytes(quote.segment)
          .subspan(packet::kTcpHeaderLength, std::min(quote.segment.size(), header) - packet::kTcpHeaderLength);
  describe_options(values, packet::parse_tcp_options(quoted, error), whole && error == packet::ParseError::none);
  find_blanked_options(values, quoted, sent.options);
  // All of the segment is there: its length is credible, its payload and checksum can be judged.
  if (!whole || quote.segment_length < header || quote.segment.size() != quote.segment_length) return;
  values.set(Field::payload, fmt::format("{} bytes", view.payload.size()));
  const bool right = packet::tcp_checksum(quote.source.address, quote.destination.address, quote.segment) == 0;
  values.set(Field::checksum, std::string(right ? kRight : kWrong));
}

// The same options in another order.
bool is_reordered(std::string_view sent, std::string_view seen) {
  const auto sorted = [](std::string_view list) {
    std::vector<std::string> kinds;
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(',', begin), list.size());
      kinds.emplace_back(list.substr(begin, end - begin));
      begin = end + 1;
    }
    std::ranges::sort(kinds);
    return kinds;
  };
  return sent != seen && sorted(sent) == sorted(seen);
}

}  // namespace

std::optional<QuotedProbe> read_quote(const packet::IcmpView& icmp) {
  const auto quoted = packet::parse_quoted_tcp(icmp.quoted, icmp.header.family);
  if (!quoted) return std::nullopt;
  QuotedProbe probe;
  probe.source = quoted->source;
  probe.destination = quoted->destination;
  probe.sequence = quoted->sequence;
  probe.identification = quoted->identification;
  probe.time_to_live = quoted->time_to_live;
  probe.quoted_bytes = quoted->segment.size();
  probe.segment.assign(quoted->segment.begin(), quoted->segment.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                              quoted->segment.size(), kMostKept)));
  probe.segment_length = quoted->segment_length;
  probe.dscp = quoted->dscp;
  probe.ecn = quoted->ecn;
  probe.dont_fragment = quoted->dont_fragment;
  probe.flow_label = quoted->flow_label;
  probe.labels = packet::parse_mpls_labels(icmp.extensions);
  return probe;
}

FieldValues describe_sent(const FourTuple& tuple, const Segment& segment) {
  FieldValues values;
  describe_ip(values, tuple.local, tuple.remote, segment.dscp, segment.ecn);
  describe_family(values, tuple.remote.address.is_v4(), segment.identification, segment.dont_fragment,
                  segment.flow_label);
  values.set(Field::time_to_live, "1");
  values.set(Field::sequence, std::to_string(segment.header.sequence));
  values.set(Field::control_bits, packet::to_string_control_bits(segment.header.control_bits));
  values.set(Field::window, std::to_string(segment.header.window));
  describe_options(values, segment.options, true);
  values.set(Field::payload, fmt::format("{} bytes", segment.payload_length));
  values.set(Field::checksum, std::string(kRight));
  return values;
}

FieldValues describe_quote(const QuotedProbe& quote, const Segment& sent) {
  FieldValues values;
  describe_ip(values, quote.source, quote.destination, quote.dscp, quote.ecn);
  describe_family(values, quote.source.address.is_v4(), quote.identification, quote.dont_fragment, quote.flow_label);
  // Some routers count down first, and quote a zero.
  values.set(Field::time_to_live, std::to_string(std::max<unsigned>(quote.time_to_live, 1)));
  values.set(Field::sequence, std::to_string(quote.sequence));
  packet::Reader reader(quote.segment);
  reader.skip(kOffsetEnd - 1);
  const std::uint16_t word = reader.u16();
  if (quote.segment.size() >= kControlEnd) {
    values.set(Field::control_bits, packet::to_string_control_bits(word & 0x1ff));
  }
  const std::uint16_t window = reader.u16();
  if (quote.segment.size() >= kWindowEnd) values.set(Field::window, std::to_string(window));
  if (quote.segment.size() >= kOffsetEnd) describe_header(values, quote, sent);
  return values;
}

bool differs(Field field, const FieldValues& sent, const FieldValues& seen) {
  if (!sent[field] || !seen[field]) return false;
  if (field == Field::option_order) return is_reordered(*sent[field], *seen[field]);
  return *sent[field] != *seen[field];
}

bool is_of_one_probe(Field field) noexcept {
  return field == Field::sequence || field == Field::identification || field == Field::timestamps;
}

std::string_view to_string(Field field) {
  switch (field) {
    case Field::source_address: return "source_address";
    case Field::source_port: return "source_port";
    case Field::destination_address: return "destination_address";
    case Field::destination_port: return "destination_port";
    case Field::dscp: return "dscp";
    case Field::ecn: return "ecn";
    case Field::identification: return "identification";
    case Field::dont_fragment: return "dont_fragment";
    case Field::flow_label: return "flow_label";
    case Field::time_to_live: return "time_to_live";
    case Field::sequence: return "sequence";
    case Field::control_bits: return "control_bits";
    case Field::window: return "window";
    case Field::mss: return "mss";
    case Field::window_scale: return "window_scale";
    case Field::selective_ack: return "selective_ack";
    case Field::timestamps: return "timestamps";
    case Field::other_options: return "other_options";
    case Field::option_order: return "option_order";
    case Field::payload: return "payload";
    case Field::checksum: return "checksum";
  }
  return "";
}

}  // namespace tcp::trace
