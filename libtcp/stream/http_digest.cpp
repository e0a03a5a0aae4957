// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_digest.hpp"

namespace tcp::stream {
namespace {

// Several with colons between.
std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view& part : parts) {
    if (&part != parts.begin()) text += ':';
    text += part;
  }
  return text;
}

}  // namespace

Result<std::string> digest_response(const DigestWords& words, const ProxyCredentials& credentials) {
  TCP_TRY_ASSIGN(secret, hex_digest(words.hash, joined({credentials.user, words.realm, credentials.password})));
  if (words.is_session) {
    TCP_TRY_ASSIGN(session, hex_digest(words.hash, joined({secret, words.nonce, words.client_nonce})));
    secret = std::move(session);
  }
  TCP_TRY_ASSIGN(request, hex_digest(words.hash, joined({words.method, words.uri})));
  if (words.count.empty()) return hex_digest(words.hash, joined({secret, words.nonce, request}));
  return hex_digest(words.hash, joined({secret, words.nonce, words.count, words.client_nonce, "auth", request}));
}

}  // namespace tcp::stream
