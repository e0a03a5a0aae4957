// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>

#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/sequence.hpp"

using namespace tcp::packet;

TEST_CASE("numbers are read and written in network byte order") {
  std::array<std::uint8_t, 18> buffer{};
  Writer writer(buffer);
  writer.u8(0x01);
  writer.u16(0x0203);
  writer.u24(0x040506);
  writer.u32(0x0708090a);
  writer.u64(0x0b0c0d0e0f101112);
  REQUIRE(writer.ok());
  for (std::size_t i = 0; i < buffer.size(); ++i) CHECK(buffer.at(i) == i + 1);
  Reader reader(buffer);
  CHECK(reader.u8() == 0x01);
  CHECK(reader.u16() == 0x0203);
  CHECK(reader.u24() == 0x040506);
  CHECK(reader.u32() == 0x0708090a);
  CHECK(reader.u64() == 0x0b0c0d0e0f101112);
  CHECK(reader.ok());
  CHECK(reader.left() == 0);
}

TEST_CASE("an overrun sticks and every later read gives zero") {
  const std::array<std::uint8_t, 3> bytes{1, 2, 3};
  Reader reader(bytes);
  CHECK(reader.u32() == 0);
  CHECK_FALSE(reader.ok());
  CHECK(reader.u8() == 0);
  CHECK(reader.take(1).empty());
  CHECK_FALSE(reader.ok());
}

TEST_CASE("a writer that is full writes nothing more and nothing by halves") {
  std::array<std::uint8_t, 3> buffer{};
  Writer writer(buffer);
  writer.u16(0xaaaa);
  writer.u16(0xbbbb);
  CHECK_FALSE(writer.ok());
  writer.u8(0xcc);
  CHECK(writer.size() == 2);
  CHECK(buffer[2] == 0);
  Writer other(buffer);
  other.bytes(std::array<std::uint8_t, 4>{1, 2, 3, 4});
  CHECK_FALSE(other.ok());
  CHECK(other.size() == 0);
}

TEST_CASE("only what was written can be patched") {
  std::array<std::uint8_t, 4> buffer{};
  Writer writer(buffer);
  writer.u16(0);
  writer.patch_u16(1, 0xffff);
  CHECK(buffer == std::array<std::uint8_t, 4>{});
  writer.patch_u16(0, 0x1234);
  CHECK(buffer == std::array<std::uint8_t, 4>{0x12, 0x34, 0, 0});
}

TEST_CASE("each error has a text of its own") {
  CHECK(to_string(ParseError::truncated) == "truncated");
  CHECK(to_string(ParseError::bad_length) == "bad length");
  CHECK(to_string(ParseError::bad_version) == "bad IP version");
  CHECK(to_string(ParseError::unsupported) == "not supported");
  CHECK(to_string(ParseError::too_deep) == "too many nested headers");
}

TEST_CASE("sequence numbers wrap") {
  CHECK(sequence_before(0xffffffff, 0));
  CHECK_FALSE(sequence_before(0, 0xffffffff));
  CHECK(sequence_before_or_at(5, 5));
  CHECK(sequence_in_window(3, 0xfffffffe, 10));
  CHECK_FALSE(sequence_in_window(8, 0xfffffffe, 10));
  CHECK_FALSE(sequence_in_window(5, 5, 0));
}
