// SPDX-License-Identifier: MIT
#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::none: return "no error";
    case ParseError::truncated: return "truncated";
    case ParseError::bad_length: return "bad length";
    case ParseError::bad_version: return "bad IP version";
    case ParseError::unsupported: return "not supported";
    case ParseError::too_deep: return "too many nested headers";
  }
  return "unknown error";
}

}  // namespace tcp::packet
