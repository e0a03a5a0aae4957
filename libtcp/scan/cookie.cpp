// SPDX-License-Identifier: MIT
#include "libtcp/scan/cookie.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <bit>

namespace tcp::scan {
namespace {

struct SipState {
  std::uint64_t v0;
  std::uint64_t v1;
  std::uint64_t v2;
  std::uint64_t v3;

  void round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

std::uint64_t little_endian(std::span<const std::uint8_t> bytes) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) word = word << 8 | bytes[i];
  return word;
}

}  // namespace

Result<CookieKey> make_cookie_key() {
  CookieKey key;
  if (::getrandom(&key, sizeof key, 0) != static_cast<ssize_t>(sizeof key)) return system_error("getrandom");
  return key;
}

std::uint64_t siphash_2_4(const CookieKey& key, std::span<const std::uint8_t> bytes) noexcept {
  SipState state{key.first ^ 0x736f6d6570736575, key.second ^ 0x646f72616e646f6d, key.first ^ 0x6c7967656e657261,
                 key.second ^ 0x7465646279746573};
  const std::uint64_t length = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) state.absorb(little_endian(bytes.first(8)));
  state.absorb(length | little_endian(bytes));
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint64_t make_cookie(const CookieKey& key, const Endpoint& target, std::uint8_t attempt) noexcept {
  std::array<std::uint8_t, 19> input{};
  const auto address = target.address.bytes();
  std::ranges::copy(address, input.begin());
  input[16] = static_cast<std::uint8_t>(target.port >> 8);
  input[17] = static_cast<std::uint8_t>(target.port);
  input[18] = attempt;
  // Without the unused bytes, so that no IPv4 address hashes like an IPv6 one.
  std::ranges::copy(std::span(input).subspan(16), input.begin() + static_cast<std::ptrdiff_t>(address.size()));
  return siphash_2_4(key, std::span(input).first(address.size() + 3));
}

}  // namespace tcp::scan
