// SPDX-License-Identifier: MIT
#include "libtcp/packet/savefile.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace tcp;
using namespace tcp::packet;

namespace {

std::string hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    text += {kDigits[value >> 4], kDigits[value & 15]};
  }
  return text;
}

constexpr std::array<std::uint8_t, 5> kPacket{1, 2, 3, 4, 5};
const WallTime kTime{std::chrono::seconds(0x12345) + std::chrono::nanoseconds(7)};

std::string packet_in(SavefileFormat format, WallTime time = kTime) {
  std::string out;
  append_savefile_packet(out, format, time, kPacket);
  return out;
}

}  // namespace

TEST_CASE("pcapng: a section, its application, an interface with nanoseconds") {
  CHECK(hex(savefile_header(SavefileFormat::pcapng, LinkType::raw, "tcpbox")) ==
        "0a0d0d0a"
        "2c000000"
        "4d3c2b1a"
        "01000000"
        "ffffffffffffffff"
        "04000600"
        "746370626f780000"
        "00000000"
        "2c000000"
        "01000000"
        "20000000"
        "65000000"
        "00000400"
        "09000100"
        "09000000"
        "00000000"
        "20000000");
}

TEST_CASE("pcapng: a packet, padded to 32 bits, its time in two halves") {
  const std::uint64_t nanoseconds = 0x12345ULL * 1'000'000'000 + 7;
  std::string time;
  for (const std::uint64_t half : {nanoseconds >> 32, nanoseconds & 0xffffffff}) {
    for (unsigned i = 0; i < 4; ++i) time += static_cast<char>((half >> (8 * i)) & 0xff);
  }
  CHECK(hex(packet_in(SavefileFormat::pcapng)) ==
        "06000000"
        "28000000"
        "00000000" +
            hex(time) +
            "05000000"
            "05000000"
            "0102030405000000"
            "28000000");
}

TEST_CASE("pcap: a file header and a packet") {
  CHECK(hex(savefile_header(SavefileFormat::pcap, LinkType::raw, "tcpbox")) ==
        "4d3cb2a1"
        "02000400"
        "0000000000000000"
        "00000400"
        "65000000");
  CHECK(hex(packet_in(SavefileFormat::pcap)) ==
        "45230100"
        "07000000"
        "05000000"
        "05000000"
        "0102030405");
}

TEST_CASE("a time before 1970 is 1970") {
  CHECK(hex(packet_in(SavefileFormat::pcap, WallTime(std::chrono::seconds(-1)))).starts_with("0000000000000000"));
}
