// SPDX-License-Identifier: MIT
#include "libtcp/packet/checksum.hpp"

#include <bit>
#include <cstring>

namespace tcp::packet {
namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);

// Folds every carry back in (one's complement): 64 to 32 to 16 bits. Each step needs a second one for its own carry.
constexpr std::uint16_t fold(std::uint64_t sum) noexcept {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>((sum & 0xffff) + (sum >> 16));
}

// The sum does not care for byte order except in the end (RFC 1071 §2 (B)), so words are added as they lie in memory.
constexpr std::uint16_t to_network_order(std::uint16_t sum) noexcept {
  if constexpr (std::endian::native == std::endian::big) return sum;
  return static_cast<std::uint16_t>(sum << 8 | sum >> 8);
}

std::uint64_t load(const std::uint8_t* from, std::size_t count) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, count);
  return word;
}

// The last one to seven bytes, as if zeros followed.
std::uint64_t load_tail(Bytes bytes) noexcept { return bytes.empty() ? 0 : load(bytes.data(), bytes.size()); }

}  // namespace

void Checksum::add(Bytes bytes) noexcept {
  // Two halves of 32 bits in accumulators of 64: no carry is lost before 2^32 words.
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  for (; bytes.size() >= kWord; bytes = bytes.subspan(kWord)) {
    const std::uint64_t word = load(bytes.data(), kWord);
    low += word & 0xffffffff;
    high += word >> 32;
  }
  const std::uint64_t tail = load_tail(bytes);
  low += (tail & 0xffffffff) + (tail >> 32);
  sum_ += to_network_order(fold(std::uint64_t{fold(low)} + fold(high)));
}

void Checksum::add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                 std::uint32_t length) noexcept {
  add(source.bytes());
  add(destination.bytes());
  add_u32(length);
  add_u16(protocol);
}

std::uint16_t Checksum::finish() const noexcept { return static_cast<std::uint16_t>(~fold(sum_)); }

std::uint16_t internet_checksum(Bytes bytes) noexcept {
  Checksum checksum;
  checksum.add(bytes);
  return checksum.finish();
}

}  // namespace tcp::packet
