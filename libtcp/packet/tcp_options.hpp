// SPDX-License-Identifier: MIT
// TCP options (RFC 9293 §3.1; kinds: IANA's TCP Parameters). Each is one struct in a variant: -Wswitch and std::visit
// find every place that has to know a new one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <variant>

#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

inline constexpr std::size_t kMaxTcpOptionsLength = 40;

struct EndOfOptions {  // kind 0
  friend bool operator==(const EndOfOptions&, const EndOfOptions&) = default;
};
struct NoOperation {  // kind 1
  friend bool operator==(const NoOperation&, const NoOperation&) = default;
};
struct MaximumSegmentSize {  // kind 2, RFC 9293 §3.7.1
  std::uint16_t bytes = 0;
  friend bool operator==(const MaximumSegmentSize&, const MaximumSegmentSize&) = default;
};
struct WindowScale {  // kind 3, RFC 7323 §2
  std::uint8_t shift = 0;
  friend bool operator==(const WindowScale&, const WindowScale&) = default;
};
struct SackPermitted {  // kind 4, RFC 2018
  friend bool operator==(const SackPermitted&, const SackPermitted&) = default;
};
struct Sack {  // kind 5, RFC 2018 §3
  struct Block {
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    friend bool operator==(const Block&, const Block&) = default;
  };
  std::uint8_t count = 0;  // 0 to 4
  std::array<Block, 4> blocks{};
  friend bool operator==(const Sack&, const Sack&) = default;
};
struct Timestamps {  // kind 8, RFC 7323 §3
  std::uint32_t value = 0;
  std::uint32_t echo_reply = 0;
  friend bool operator==(const Timestamps&, const Timestamps&) = default;
};
struct Md5Signature {  // kind 19, RFC 2385
  std::array<std::uint8_t, 16> digest{};
  friend bool operator==(const Md5Signature&, const Md5Signature&) = default;
};
struct AuthenticationOption {  // kind 29, RFC 5925 §2.2
  std::uint8_t key_id = 0;
  std::uint8_t next_key_id = 0;
  std::uint8_t mac_length = 0;
  std::array<std::uint8_t, 36> mac{};
  friend bool operator==(const AuthenticationOption&, const AuthenticationOption&) = default;
};
struct Mptcp {  // kind 30, RFC 8684 §3; the subtype's own fields stay bytes
  std::uint8_t subtype = 0;
  std::uint8_t data_length = 0;         // of `data`
  std::array<std::uint8_t, 38> data{};  // what follows kind and length; the subtype is its first four bits
  friend bool operator==(const Mptcp&, const Mptcp&) = default;
};
struct FastOpen {  // kind 34, RFC 7413 §4.1.1; empty is a cookie request, otherwise 4 to 16 bytes, an even number
  std::uint8_t cookie_length = 0;
  bool experimental = false;  // kind 254 with magic 0xF989 (RFC 7413 §4.1.1, RFC 6994)
  std::array<std::uint8_t, 38> cookie{};
  friend bool operator==(const FastOpen&, const FastOpen&) = default;
};
struct AccurateEcn {                        // kind 172 (AccECN0) and 174 (AccECN1), RFC 9768 §3.2.3
  bool order_1 = false;                     // kind 174: ECT(1) first
  std::uint8_t counter_count = 0;           // 0 to 3 fields of 24 bits
  std::array<std::uint32_t, 3> counters{};  // in the order on the wire
  friend bool operator==(const AccurateEcn&, const AccurateEcn&) = default;
};
struct UnknownOption {  // anything else, and a known kind whose length is wrong
  std::uint8_t kind = 0;
  std::uint8_t data_length = 0;
  std::array<std::uint8_t, 38> data{};
  friend bool operator==(const UnknownOption&, const UnknownOption&) = default;
};

using TcpOption =
    std::variant<EndOfOptions, NoOperation, MaximumSegmentSize, WindowScale, SackPermitted, Sack, Timestamps,
                 Md5Signature, AuthenticationOption, Mptcp, FastOpen, AccurateEcn, UnknownOption>;

// Reads one option after another out of raw bytes; allocates nothing.
class TcpOptionReader {
 public:
  explicit TcpOptionReader(Bytes options) noexcept : reader_(options) {}

  // Nothing at the end of the list, after kind 0 and after a malformed length: error() is then bad_length (0, 1 or more
  // than options can be) or truncated (beyond the end of the bytes).
  std::optional<TcpOption> next();
  [[nodiscard]] ParseError error() const noexcept { return error_; }

 private:
  Reader reader_;
  ParseError error_ = ParseError::none;
  bool ended_ = false;
};

// An ordered list of options in place; 40 is the most that 40 bytes can hold (all NOPs).
class TcpOptions {
 public:
  TcpOptions() = default;
  TcpOptions(std::initializer_list<TcpOption> options) {
    for (const TcpOption& option : options) (void)push_back(option);
  }

  // False when it is full.
  [[nodiscard]] bool push_back(const TcpOption& option);
  [[nodiscard]] const TcpOption* begin() const noexcept { return options_.data(); }
  [[nodiscard]] const TcpOption* end() const noexcept { return options_.data() + size_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  // The first option of a type, or null.
  template <class T>
  [[nodiscard]] const T* find() const noexcept {
    for (const TcpOption& option : *this) {
      if (const T* found = std::get_if<T>(&option)) return found;
    }
    return nullptr;
  }
  friend bool operator==(const TcpOptions& a, const TcpOptions& b) noexcept;

 private:
  std::array<TcpOption, kMaxTcpOptionsLength> options_{};
  std::size_t size_ = 0;
};

// All options up to the first malformed one; `error` says whether there was one.
[[nodiscard]] TcpOptions parse_tcp_options(Bytes options, ParseError& error);

// The inverse, without padding. A `false` means it did not fit.
bool serialize(Writer& writer, const TcpOptions& options);

// IANA's kind number of an option.
[[nodiscard]] std::uint8_t kind_of(const TcpOption& option) noexcept;

// What Linux puts on a SYN, in its order: MSS, SACK permitted, timestamps, NOP, window scale.
[[nodiscard]] TcpOptions linux_syn_options(std::uint16_t mss, std::uint32_t timestamp, std::uint8_t window_shift);

}  // namespace tcp::packet
