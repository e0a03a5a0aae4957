// SPDX-License-Identifier: MIT
#include "libtcp/packet/notation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <string_view>

namespace tcp::packet {
namespace {

// RFC 8684 §3; the words of packetdrill's MPTCP dialect.
constexpr std::array<std::string_view, 9> kMptcpSubtypes{
    "mp_capable", "mp_join", "dss", "add_addr", "remove_addr", "mp_prio", "mp_fail", "mp_fastclose", "mp_tcprst"};

// What a length field says is there, as far as it can be.
template <class T, std::size_t N>
std::span<const T> first_of(const std::array<T, N>& array, std::size_t count) {
  return std::span(array).first(std::min(count, N));
}

std::string hex(Bytes bytes) { return fmt::format("{:02x}", fmt::join(bytes, "")); }

std::string with_hex(std::string_view word, std::string_view prefix, Bytes bytes) {
  return bytes.empty() ? std::string(word) : fmt::format("{} {}{}", word, prefix, hex(bytes));
}

// How one option is written. `acknowledgment_base` is subtracted from the edges of SACK blocks, which count the same
// stream as the acknowledgment number.
struct OptionText {
  std::uint32_t acknowledgment_base = 0;

  std::string operator()(const EndOfOptions&) const { return "eol"; }
  std::string operator()(const NoOperation&) const { return "nop"; }
  std::string operator()(const MaximumSegmentSize& option) const { return fmt::format("mss {}", option.bytes); }
  std::string operator()(const WindowScale& option) const { return fmt::format("wscale {}", option.shift); }
  std::string operator()(const SackPermitted&) const { return "sackOK"; }
  std::string operator()(const Sack& option) const {
    std::string text = "sack";
    for (const auto& [left, right] : first_of(option.blocks, option.count)) {
      fmt::format_to(std::back_inserter(text), " {}:{}", left - acknowledgment_base, right - acknowledgment_base);
    }
    return text;
  }
  std::string operator()(const Timestamps& option) const {
    return fmt::format("TS val {} ecr {}", option.value, option.echo_reply);
  }
  std::string operator()(const Md5Signature& option) const { return with_hex("md5", "", option.digest); }
  std::string operator()(const AuthenticationOption& option) const {
    const std::string text = fmt::format("ao keyid {} rnextkeyid {}", option.key_id, option.next_key_id);
    return with_hex(option.mac_length == 0 ? text : text + " mac", "0x", first_of(option.mac, option.mac_length));
  }
  std::string operator()(const Mptcp& option) const {
    const bool named = option.subtype < kMptcpSubtypes.size();
    const std::string word =
        named ? std::string(kMptcpSubtypes[option.subtype]) : fmt::format("mptcp {}", option.subtype);
    return with_hex(word, "0x", first_of(option.data, option.data_length));
  }
  std::string operator()(const FastOpen& option) const {
    return with_hex(option.experimental ? "FOEXP" : "FO", "", first_of(option.cookie, option.cookie_length));
  }
  std::string operator()(const AccurateEcn& option) const {
    static constexpr std::array<std::string_view, 3> kOrder0{"e0b", "ceb", "e1b"};
    static constexpr std::array<std::string_view, 3> kOrder1{"e1b", "ceb", "e0b"};
    std::string text = "ECN";
    const auto* name = option.order_1 ? kOrder1.data() : kOrder0.data();
    for (const std::uint32_t counter : first_of(option.counters, option.counter_count)) {
      fmt::format_to(std::back_inserter(text), " {} {}", *name++, counter);
    }
    return text;
  }
  std::string operator()(const UnknownOption& option) const {
    return with_hex(fmt::format("unknown {}", option.kind), "0x", first_of(option.data, option.data_length));
  }
};

std::string join_options(const TcpOptions& options, const OptionText& to_text) {
  std::string text;
  for (const TcpOption& option : options) {
    if (!text.empty()) text += ',';
    text += std::visit(to_text, option);
  }
  return text;
}

}  // namespace

std::string notation(const TcpOptions& options) { return join_options(options, OptionText()); }

std::string notation(const TcpHeader& header, const TcpOptions& options, std::uint32_t payload_length,
                     SequenceBase base) {
  const std::uint32_t first = header.sequence - base.sequence;
  std::string text = fmt::format("{} {}:{}({})", to_string_control_bits(header.control_bits), first,
                                 first + payload_length, payload_length);
  const auto out = std::back_inserter(text);
  if (header.has(control::ack)) fmt::format_to(out, " ack {}", header.acknowledgment - base.acknowledgment);
  fmt::format_to(out, " win {}", header.window);
  if (header.has(control::urg)) fmt::format_to(out, " urg {}", header.urgent_pointer);
  if (!options.empty()) fmt::format_to(out, " <{}>", join_options(options, OptionText{base.acknowledgment}));
  return text;
}

}  // namespace tcp::packet
