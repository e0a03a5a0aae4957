// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_digest.hpp"

#include <array>
#include <span>

#include "libtcp/stream/tls_openssl.hpp"

namespace tcp::stream {

Result<std::string> hex_digest(DigestHash hash, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  const EVP_MD* method = hash == DigestHash::md5 ? EVP_md5() : EVP_sha256();
  if (EVP_Digest(text.data(), text.size(), bytes.data(), &size, method, nullptr) != 1) {
    return make_error(Errc::unsupported, "digest", take_openssl_reason());
  }
  std::string hex;
  for (const unsigned char byte : std::span(bytes).first(size)) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 0xfU];
  }
  return hex;
}

}  // namespace tcp::stream
