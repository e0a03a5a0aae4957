// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/packet/notation.hpp"
#include "tests/support/frames.hpp"

using namespace tcp::packet;
using tcp::test::Octets;
using tcp::test::written;

namespace {

template <std::size_t N>
std::array<std::uint8_t, N> counted(std::uint8_t first, std::size_t count) {
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t i = 0; i < count; ++i) bytes.at(i) = static_cast<std::uint8_t>(first + i);
  return bytes;
}

struct OptionBytes {
  TcpOption option;
  Octets bytes;
  const char* text;
};

// Each option with the bytes its RFC draws and packetdrill's words for it.
const std::vector<OptionBytes>& known_options() {
  static const std::vector<OptionBytes> options{
      {EndOfOptions(), {0}, "eol"},
      {NoOperation(), {1}, "nop"},
      {MaximumSegmentSize{1460}, {2, 4, 0x05, 0xb4}, "mss 1460"},
      {WindowScale{14}, {3, 3, 14}, "wscale 14"},
      {SackPermitted(), {4, 2}, "sackOK"},
      {Sack{1, {{{1, 1001}}}}, {5, 10, 0, 0, 0, 1, 0, 0, 3, 0xe9}, "sack 1:1001"},
      {Sack{2, {{{1, 2}, {4294967295, 3}}}},
       {5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 3},
       "sack 1:2 4294967295:3"},
      {Timestamps{7, 9}, {8, 10, 0, 0, 0, 7, 0, 0, 0, 9}, "TS val 7 ecr 9"},
      {Md5Signature{counted<16>(0xa0, 16)},
       {19, 18, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf},
       "md5 a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"},
      {AuthenticationOption{61, 84, 2, counted<36>(0xb0, 2)},
       {29, 6, 61, 84, 0xb0, 0xb1},
       "ao keyid 61 rnextkeyid 84 mac 0xb0b1"},
      {AuthenticationOption{1, 2, 0, {}}, {29, 4, 1, 2}, "ao keyid 1 rnextkeyid 2"},
      {Mptcp{0, 2, {0x01, 0x81}}, {30, 4, 0x01, 0x81}, "mp_capable 0x0181"},
      {Mptcp{8, 2, {0x80, 0x05}}, {30, 4, 0x80, 0x05}, "mp_tcprst 0x8005"},
      {Mptcp{15, 1, {0xf3}}, {30, 3, 0xf3}, "mptcp 15 0xf3"},
      {FastOpen(), {34, 2}, "FO"},
      {FastOpen{4, false, {1, 2, 3, 0xff}}, {34, 6, 1, 2, 3, 0xff}, "FO 010203ff"},
      {FastOpen{0, true, {}}, {254, 4, 0xf9, 0x89}, "FOEXP"},
      {FastOpen{4, true, {1, 2, 3, 4}}, {254, 8, 0xf9, 0x89, 1, 2, 3, 4}, "FOEXP 01020304"},
      {AccurateEcn{false, 3, {1, 2, 0xffffff}},
       {172, 11, 0, 0, 1, 0, 0, 2, 255, 255, 255},
       "ECN e0b 1 ceb 2 e1b 16777215"},
      {AccurateEcn{true, 2, {1, 2, 0}}, {174, 8, 0, 0, 1, 0, 0, 2}, "ECN e1b 1 ceb 2"},
      {AccurateEcn(), {172, 2}, "ECN"},
      {UnknownOption{27, 6, {0, 7, 1, 2, 3, 4}}, {27, 8, 0, 7, 1, 2, 3, 4}, "unknown 27 0x000701020304"},
      {UnknownOption{254, 2, {0x12, 0x34}}, {254, 4, 0x12, 0x34}, "unknown 254 0x1234"},
      {UnknownOption{99, 0, {}}, {99, 2}, "unknown 99"},
  };
  return options;
}

TcpOption only(const Octets& bytes) {
  ParseError error{};
  const TcpOptions options = parse_tcp_options(bytes, error);
  REQUIRE(error == ParseError::none);
  REQUIRE(options.size() == 1);
  return *options.begin();
}

ParseError error_of(const Octets& bytes) {
  ParseError error{};
  (void)parse_tcp_options(bytes, error);
  return error;
}

bool serializes(const TcpOption& option) {
  return !written([&](Writer& writer) { serialize(writer, {NoOperation(), option}); }).empty();
}

}  // namespace

TEST_CASE("each option is read, written and named") {
  for (const auto& [option, bytes, text] : known_options()) {
    CAPTURE(text);
    CHECK(only(bytes) == option);
    CHECK(written([&](Writer& writer) { serialize(writer, {option}); }) == bytes);
    CHECK(notation(TcpOptions{option}) == text);
    CHECK(kind_of(option) == bytes.front());
  }
}

TEST_CASE("every prefix of an option is truncated, unless it is none at all") {
  for (const auto& [option, bytes, text] : known_options()) {
    CAPTURE(text);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      const Octets cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK(error_of(cut) == ParseError::truncated);
    }
  }
}

TEST_CASE("lengths that lie end the list") {
  CHECK(error_of({2, 0, 5, 180}) == ParseError::bad_length);
  CHECK(error_of({2, 1, 5, 180}) == ParseError::bad_length);
  CHECK(error_of({99, 41, 0}) == ParseError::bad_length);
  CHECK(error_of({2, 5, 5, 180}) == ParseError::truncated);
  CHECK(error_of({1, 1, 8}) == ParseError::truncated);
  ParseError error{};
  const TcpOptions before = parse_tcp_options(Octets{4, 2, 3, 3, 7, 8, 0, 2, 4, 5, 180}, error);
  CHECK(error == ParseError::bad_length);
  CHECK(before == TcpOptions{SackPermitted(), WindowScale{7}});
}

TEST_CASE("a known kind of a wrong length keeps its bytes") {
  CHECK(only({2, 3, 9}) == TcpOption(UnknownOption{2, 1, {9}}));
  CHECK(only({3, 4, 1, 2}) == TcpOption(UnknownOption{3, 2, {1, 2}}));
  CHECK(only({4, 3, 1}) == TcpOption(UnknownOption{4, 1, {1}}));
  CHECK(only({5, 9, 1, 2, 3, 4, 5, 6, 7}) == TcpOption(UnknownOption{5, 7, {1, 2, 3, 4, 5, 6, 7}}));
  CHECK(only({8, 2}) == TcpOption(UnknownOption{8, 0, {}}));
  CHECK(only({29, 3, 1}) == TcpOption(UnknownOption{29, 1, {1}}));
  CHECK(only({30, 2}) == TcpOption(UnknownOption{30, 0, {}}));
  CHECK(only({34, 5, 1, 2, 3}) == TcpOption(UnknownOption{34, 3, {1, 2, 3}}));
  CHECK(only({34, 7, 1, 2, 3, 4, 5}) == TcpOption(UnknownOption{34, 5, {1, 2, 3, 4, 5}}));
  CHECK(only({172, 4, 1, 2}) == TcpOption(UnknownOption{172, 2, {1, 2}}));
  CHECK(only({254, 3, 0xf9}) == TcpOption(UnknownOption{254, 1, {0xf9}}));
}

TEST_CASE("nothing is read behind the end of options") {
  ParseError error{};
  CHECK(parse_tcp_options(Octets{1, 0, 2, 0, 99}, error) == TcpOptions{NoOperation(), EndOfOptions()});
  CHECK(error == ParseError::none);
}

TEST_CASE("forty bytes hold forty options, and no more are taken") {
  ParseError error{};
  CHECK(parse_tcp_options(Octets(40, 1), error).size() == 40);
  CHECK(error == ParseError::none);
  CHECK(parse_tcp_options(Octets(41, 1), error).size() == 40);
  CHECK(error == ParseError::bad_length);
  TcpOptions options = parse_tcp_options(Octets(40, 1), error);
  CHECK_FALSE(options.push_back(NoOperation()));
}

TEST_CASE("counts that no option can have are refused") {
  CHECK_FALSE(serializes(Sack{5, {}}));
  CHECK_FALSE(serializes(AuthenticationOption{0, 0, 37, {}}));
  CHECK_FALSE(serializes(Mptcp{0, 0, {}}));
  CHECK_FALSE(serializes(Mptcp{0, 39, {}}));
  CHECK_FALSE(serializes(FastOpen{39, false, {}}));
  CHECK_FALSE(serializes(AccurateEcn{false, 4, {}}));
  CHECK_FALSE(serializes(UnknownOption{9, 39, {}}));
  CHECK(serializes(UnknownOption{9, 38, {}}));
}

TEST_CASE("the subtype field decides the subtype nibble") {
  const Octets bytes = written([](Writer& writer) { serialize(writer, {Mptcp{6, 2, {0x0f, 1}}}); });
  CHECK(bytes == Octets{30, 4, 0x6f, 1});
}

TEST_CASE("the options of a Linux SYN") {
  const TcpOptions options = linux_syn_options(1460, 1, 7);
  CHECK(notation(options) == "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7");
  REQUIRE(options.find<WindowScale>() != nullptr);
  CHECK(options.find<WindowScale>()->shift == 7);
  CHECK(options.find<Sack>() == nullptr);
}
