// SPDX-License-Identifier: MIT
// Each parse_x gets what follows kind and length and answers nothing when that length is not one the option can have.
#include <algorithm>

#include "libtcp/packet/tcp_option_kind.hpp"
#include "libtcp/packet/tcp_options.hpp"

namespace tcp::packet {
namespace {

using Parsed = std::optional<TcpOption>;

template <std::size_t N>
std::uint8_t copy_into(std::array<std::uint8_t, N>& to, Bytes from) {
  std::ranges::copy(from, to.begin());
  return static_cast<std::uint8_t>(from.size());
}

Parsed parse_mss(Reader data) {
  if (data.left() != 2) return std::nullopt;
  return MaximumSegmentSize{data.u16()};
}

Parsed parse_window_scale(Reader data) {
  if (data.left() != 1) return std::nullopt;
  return WindowScale{data.u8()};
}

Parsed parse_sack_permitted(Reader data) {
  if (data.left() != 0) return std::nullopt;
  return SackPermitted();
}

Parsed parse_sack(Reader data) {
  Sack sack;
  if (data.left() % 8 != 0 || data.left() / 8 > sack.blocks.size()) return std::nullopt;
  while (data.left() > 0) {
    Sack::Block& block = sack.blocks[sack.count++];
    block.left = data.u32();
    block.right = data.u32();
  }
  return sack;
}

Parsed parse_timestamps(Reader data) {
  if (data.left() != 8) return std::nullopt;
  Timestamps timestamps;
  timestamps.value = data.u32();
  timestamps.echo_reply = data.u32();
  return timestamps;
}

Parsed parse_md5_signature(Reader data) {
  Md5Signature signature;
  if (data.left() != signature.digest.size()) return std::nullopt;
  data.copy(signature.digest);
  return signature;
}

Parsed parse_authentication(Reader data) {
  AuthenticationOption option;
  if (data.left() < 2) return std::nullopt;
  option.key_id = data.u8();
  option.next_key_id = data.u8();
  option.mac_length = copy_into(option.mac, data.rest());
  return option;
}

Parsed parse_mptcp(Reader data) {
  Mptcp option;
  if (data.left() == 0) return std::nullopt;
  option.subtype = data.rest().front() >> 4;
  option.data_length = copy_into(option.data, data.rest());
  return option;
}

// RFC 7413 §4.1.1: a cookie of any other length must be ignored.
Parsed parse_fast_open(Reader data, bool experimental) {
  const std::size_t length = data.left();
  if (length != 0 && (length < 4 || length > 16 || length % 2 != 0)) return std::nullopt;
  FastOpen option;
  option.experimental = experimental;
  option.cookie_length = copy_into(option.cookie, data.rest());
  return option;
}

Parsed parse_experiment(Reader data) {
  if (data.u16() != option_kind::fast_open_experiment) return std::nullopt;
  return parse_fast_open(data, true);
}

Parsed parse_accurate_ecn(Reader data, bool order_1) {
  AccurateEcn option;
  if (data.left() % 3 != 0 || data.left() / 3 > option.counters.size()) return std::nullopt;
  option.order_1 = order_1;
  while (data.left() > 0) option.counters[option.counter_count++] = data.u24();
  return option;
}

Parsed parse_known(std::uint8_t kind, Bytes data) {
  const Reader reader(data);
  switch (kind) {
    case option_kind::maximum_segment_size: return parse_mss(reader);
    case option_kind::window_scale: return parse_window_scale(reader);
    case option_kind::sack_permitted: return parse_sack_permitted(reader);
    case option_kind::sack: return parse_sack(reader);
    case option_kind::timestamps: return parse_timestamps(reader);
    case option_kind::md5_signature: return parse_md5_signature(reader);
    case option_kind::authentication: return parse_authentication(reader);
    case option_kind::mptcp: return parse_mptcp(reader);
    case option_kind::fast_open: return parse_fast_open(reader, false);
    case option_kind::experiment: return parse_experiment(reader);
    case option_kind::accurate_ecn_0: return parse_accurate_ecn(reader, false);
    case option_kind::accurate_ecn_1: return parse_accurate_ecn(reader, true);
    default: return std::nullopt;
  }
}

TcpOption make_unknown(std::uint8_t kind, Bytes data) {
  UnknownOption option;
  option.kind = kind;
  option.data_length = copy_into(option.data, data);
  return option;
}

}  // namespace

std::optional<TcpOption> TcpOptionReader::next() {
  if (ended_ || reader_.left() == 0) return std::nullopt;
  const std::uint8_t kind = reader_.u8();
  if (kind == option_kind::no_operation) return NoOperation();
  if (kind == option_kind::end_of_options) {
    ended_ = true;
    return EndOfOptions();
  }
  const std::uint8_t length = reader_.u8();
  if (reader_.ok() && (length < 2 || length > kMaxTcpOptionsLength)) error_ = ParseError::bad_length;
  const Bytes data = reader_.take(std::max<std::size_t>(length, 2) - 2);
  if (!reader_.ok() && error_ == ParseError::none) error_ = ParseError::truncated;
  ended_ = error_ != ParseError::none;
  if (ended_) return std::nullopt;
  const Parsed known = parse_known(kind, data);
  return known ? *known : make_unknown(kind, data);
}

TcpOptions parse_tcp_options(Bytes bytes, ParseError& error) {
  TcpOptionReader reader(bytes);
  TcpOptions options;
  bool room = true;
  while (room) {
    const std::optional<TcpOption> option = reader.next();
    if (!option) break;
    room = options.push_back(*option);
  }
  error = room ? reader.error() : ParseError::bad_length;  // more options than a header can hold
  return options;
}

}  // namespace tcp::packet
