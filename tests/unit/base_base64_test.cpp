// SPDX-License-Identifier: MIT
#include "libtcp/base/base64.hpp"

#include <doctest/doctest.h>

using namespace std::string_literals;
using namespace tcp;

TEST_CASE("base64 of every remainder") {
  CHECK(to_base64("").empty());
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
}

TEST_CASE("base64 both ways") {
  for (const std::string& text : {""s, "a"s, "ab"s, "abc"s, "\xff\0\x80"s})
    CHECK(*from_base64(to_base64(text)) == text);
  for (const std::string_view wrong : {"a", "====", "YQ=", "Y===", "YQ==YQ==", "Y Q="}) CHECK_FALSE(from_base64(wrong));
}
