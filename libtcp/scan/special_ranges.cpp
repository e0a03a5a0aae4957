// SPDX-License-Identifier: MIT
#include "libtcp/scan/special_ranges.hpp"

#include <vector>

namespace tcp::scan {
namespace {

// In the order of the addresses.
constexpr const char* kSpecial[] = {
    "0.0.0.0/8",                  // this network, RFC 791
    "127.0.0.0/8",                // loopback, RFC 1122
    "169.254.0.0/16",             // link-local, RFC 3927
    "192.0.0.0-192.0.0.8",        // IETF protocol assignments, RFC 6890; .9 and .10 are anycast services
    "192.0.0.11-192.0.0.255",     //
    "192.0.2.0/24",               // documentation, RFC 5737
    "198.18.0.0/15",              // benchmarking, RFC 2544
    "198.51.100.0/24",            // documentation, RFC 5737
    "203.0.113.0/24",             // documentation, RFC 5737
    "224.0.0.0-255.255.255.255",  // multicast, RFC 5771; reserved, RFC 1112; broadcast, RFC 919
    "::-::1",                     // unspecified and loopback, RFC 4291
    "64:ff9b:1::/48",             // translation within a network, RFC 8215
    "100::/64",                   // discard-only, RFC 6666
    "100:0:0:1::/64",             // dummy prefix, RFC 9780
    "2001:2::/48",                // benchmarking, RFC 5180
    "2001:db8::/32",              // documentation, RFC 3849
    "3fff::/20",                  // documentation, RFC 9637
    "5f00::/16",                  // segment routing identifiers, RFC 9602
    "fe80::/10",                  // link-local, RFC 4291
    "ff00::/8",                   // multicast, RFC 4291
};

std::vector<AddressRange> parse_all() {
  std::vector<AddressRange> ranges;
  for (const char* text : kSpecial) ranges.push_back(*parse_address_range(text));
  return ranges;
}

}  // namespace

std::span<const AddressRange> special_ranges() {
  static const std::vector<AddressRange> ranges = parse_all();
  return ranges;
}

}  // namespace tcp::scan
