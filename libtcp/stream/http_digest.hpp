// SPDX-License-Identifier: MIT
// What both sides of HTTP's Digest authentication compute (RFC 7616 §3.4).
#pragma once

#include <string>
#include <string_view>

#include "libtcp/stream/proxy.hpp"
#include "libtcp/stream/tls_digest.hpp"

namespace tcp::stream {

// As they are sent, without quotes.
struct DigestWords {
  DigestHash hash = DigestHash::md5;
  bool is_session = false;  // "-sess"
  std::string_view realm;
  std::string_view nonce;
  std::string_view client_nonce;
  std::string_view count;  // nc; empty: no quality of protection (RFC 2069)
  std::string_view method;
  std::string_view uri;
};

// In hexadecimal. Errors: a build without the hash.
[[nodiscard]] Result<std::string> digest_response(const DigestWords& words, const ProxyCredentials& credentials);

}  // namespace tcp::stream
