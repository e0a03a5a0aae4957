// SPDX-License-Identifier: MIT
// Owners of OpenSSL's objects, and its queue of errors as words.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace tcp::stream {

template <auto kFree>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpenSslFree<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, OpenSslFree<SSL_free>>;
using X509Ptr = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, OpenSslFree<GENERAL_NAMES_free>>;

// Everything in a memory BIO.
[[nodiscard]] std::string take_text(BIO* memory);

// What OpenSSL says about its oldest error; empties its queue. Empty when it has nothing to say.
[[nodiscard]] std::string take_openssl_reason();

}  // namespace tcp::stream
