// SPDX-License-Identifier: MIT
#include "libtcp/base/address_range.hpp"

#include <doctest/doctest.h>

namespace {

using namespace tcp;

std::string written(const AddressRange& range) { return to_string(range.first) + " " + to_string(range.last); }

std::string parsed(const char* text) {
  const auto range = parse_address_range(text);
  return range ? written(*range) : range.error().message();
}

TEST_CASE("ranges of addresses") {
  CHECK(parsed("192.0.2.7") == "192.0.2.7 192.0.2.7");
  CHECK(parsed("192.0.2.7/24") == "192.0.2.0 192.0.2.255");
  CHECK(parsed("0.0.0.0/0") == "0.0.0.0 255.255.255.255");
  CHECK(parsed("192.0.2.1-192.0.3.9") == "192.0.2.1 192.0.3.9");
  CHECK(parsed("2001:db8::/61") == "2001:db8:: 2001:db8:0:7:ffff:ffff:ffff:ffff");
  CHECK(parsed("::/0") == ":: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  CHECK(parsed("2001:db8::1-2001:db8::f") == "2001:db8::1 2001:db8::f");
  CHECK(parsed("::ffff:192.0.2.7") == "192.0.2.7 192.0.2.7");
  CHECK(parsed("::ffff:192.0.2.0/120") == "192.0.2.0 192.0.2.255");
  CHECK(parsed("::ffff:192.0.2.1-::ffff:192.0.2.9") == "192.0.2.1 192.0.2.9");
}

TEST_CASE("words that are no ranges") {
  for (const char* word : {"", "-", "192.0.2.1-", "-192.0.2.1", "192.0.2.0/33", "host", "1.2.3", "1-2"}) {
    CAPTURE(word);
    CHECK(parsed(word) == "address '" + std::string(word) + "': must be ADDRESS, ADDRESS/LENGTH or ADDRESS-ADDRESS");
  }
  CHECK(parsed("192.0.2.9-192.0.2.1") == "address '192.0.2.9-192.0.2.1': is reversed");
  CHECK(parsed("192.0.2.9-::1") == "address '192.0.2.9-::1': both ends must be of one family and zone");
}

TEST_CASE("what a range contains") {
  const AddressRange range = *parse_address_range("192.0.2.8/29");
  CHECK(range.contains(*parse_ip_address("192.0.2.8")));
  CHECK(range.contains(*parse_ip_address("192.0.2.15")));
  CHECK_FALSE(range.contains(*parse_ip_address("192.0.2.16")));
  CHECK_FALSE(range.contains(*parse_ip_address("::1")));
}

}  // namespace
