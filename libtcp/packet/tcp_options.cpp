// SPDX-License-Identifier: MIT
#include "libtcp/packet/tcp_options.hpp"

#include <algorithm>

#include "libtcp/packet/tcp_option_kind.hpp"

namespace tcp::packet {
namespace {

struct KindOf {
  std::uint8_t operator()(const EndOfOptions&) const { return option_kind::end_of_options; }
  std::uint8_t operator()(const NoOperation&) const { return option_kind::no_operation; }
  std::uint8_t operator()(const MaximumSegmentSize&) const { return option_kind::maximum_segment_size; }
  std::uint8_t operator()(const WindowScale&) const { return option_kind::window_scale; }
  std::uint8_t operator()(const SackPermitted&) const { return option_kind::sack_permitted; }
  std::uint8_t operator()(const Sack&) const { return option_kind::sack; }
  std::uint8_t operator()(const Timestamps&) const { return option_kind::timestamps; }
  std::uint8_t operator()(const Md5Signature&) const { return option_kind::md5_signature; }
  std::uint8_t operator()(const AuthenticationOption&) const { return option_kind::authentication; }
  std::uint8_t operator()(const Mptcp&) const { return option_kind::mptcp; }
  std::uint8_t operator()(const FastOpen& option) const {
    return option.experimental ? option_kind::experiment : option_kind::fast_open;
  }
  std::uint8_t operator()(const AccurateEcn& option) const {
    return option.order_1 ? option_kind::accurate_ecn_1 : option_kind::accurate_ecn_0;
  }
  std::uint8_t operator()(const UnknownOption& option) const { return option.kind; }
};

}  // namespace

bool TcpOptions::push_back(const TcpOption& option) {
  if (size_ == options_.size()) return false;
  options_[size_++] = option;
  return true;
}

bool operator==(const TcpOptions& a, const TcpOptions& b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::uint8_t kind_of(const TcpOption& option) noexcept { return std::visit(KindOf(), option); }

TcpOptions linux_syn_options(std::uint16_t mss, std::uint32_t timestamp, std::uint8_t window_shift) {
  return {MaximumSegmentSize{mss}, SackPermitted(), Timestamps{timestamp, 0}, NoOperation(), WindowScale{window_shift}};
}

}  // namespace tcp::packet
