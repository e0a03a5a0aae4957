// SPDX-License-Identifier: MIT
#include "libtcp/base/escape.hpp"

#include <doctest/doctest.h>

using namespace tcp;

TEST_CASE("what C writes for bytes that nobody can type") {
  CHECK(parse_escapes("").value().empty());
  CHECK(parse_escapes("login: ").value() == "login: ");
  CHECK(parse_escapes(R"(a\r\n\t\e\\n)").value() == "a\r\n\t\x1b\\n");
  CHECK(parse_escapes(R"(\0x\x00\xfF\x7e1)").value() == std::string("\0x\0\xff~1", 6));
}

TEST_CASE("a backslash that begins nothing is an error that names it") {
  for (const char* text : {"\\", "ab\\", "\\q", "\\x", "\\x1", "\\xg0", "\\x0g", "\\012", "\\07"}) {
    CAPTURE(text);
    const auto bytes = parse_escapes(text);
    REQUIRE_FALSE(bytes.has_value());
    CHECK(bytes.error().is(Errc::invalid_input));
    const std::string wrong = std::string(text).substr(std::string(text).find('\\'));
    CHECK(bytes.error().message().starts_with("'" + wrong + "': no escape"));
  }
}

TEST_CASE("every byte comes back from its escape") {
  std::string all;
  for (int value = 0; value < 256; ++value) all += static_cast<char>(value);
  all += "\0017";
  const std::string text = escape(all);
  for (const char c : text) CHECK((c >= ' ' && c <= '~'));
  CHECK(parse_escapes(text).value() == all);
  CHECK(escape(std::string("\0001\r\n\"", 5)) == R"(\x001\r\n")");
}
