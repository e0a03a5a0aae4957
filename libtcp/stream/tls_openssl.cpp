// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_openssl.hpp"

#include <openssl/err.h>

namespace tcp::stream {

std::string take_text(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string take_openssl_reason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const char* reason = error != 0 ? ERR_reason_error_string(error) : nullptr;
  return reason != nullptr ? reason : "";
}

}  // namespace tcp::stream
