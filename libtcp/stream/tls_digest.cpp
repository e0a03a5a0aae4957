// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_digest.hpp"

#include <array>
#include <span>
#include <utility>

#include <openssl/rand.h>

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

struct Sha256Stream::State {
  using Context = std::unique_ptr<EVP_MD_CTX, OpenSslFree<EVP_MD_CTX_free>>;
  Context context{EVP_MD_CTX_new()};
  Context copy{EVP_MD_CTX_new()};
  bool ok = context && copy;
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) { restart(); }

Sha256Stream::Sha256Stream(const Sha256Stream& other) : state_(std::make_unique<State>()) {
  state_->ok = state_->ok && other.ok() && EVP_MD_CTX_copy_ex(state_->context.get(), other.state_->context.get()) == 1;
}

Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream::~Sha256Stream() = default;

Sha256Stream& Sha256Stream::operator=(Sha256Stream other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

bool Sha256Stream::ok() const noexcept { return state_ && state_->ok; }

void Sha256Stream::restart() {
  state_->ok = state_->ok && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1;
}

void Sha256Stream::update(std::span<const std::byte> bytes) {
  state_->ok = state_->ok && EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1;
}

Sha256 Sha256Stream::digest() const {
  Sha256 digest{};
  state_->ok = state_->ok && EVP_MD_CTX_copy_ex(state_->copy.get(), state_->context.get()) == 1 &&
               EVP_DigestFinal_ex(state_->copy.get(), digest.data(), nullptr) == 1;
  return digest;
}

// RFC 7914. Whoever guesses pays the same for each guess.
Result<Sha256> stretch_code(std::string_view code, std::string_view salt) {
  constexpr std::uint64_t kCost = std::uint64_t{1} << 16;
  constexpr std::uint64_t kBlock = 8;
  constexpr std::uint64_t kMostMemory = std::uint64_t{128} << 20;
  Sha256 key{};
  if (EVP_PBE_scrypt(code.data(), code.size(), reinterpret_cast<const unsigned char*>(salt.data()), salt.size(), kCost,
                     kBlock, 1, kMostMemory, key.data(), key.size()) != 1) {
    return make_error(Errc::unsupported, "stretch the code", take_openssl_reason());
  }
  return key;
}

// What would favour the lower numbers is drawn again.
Result<std::uint32_t> random_below(std::uint32_t bound) {
  const std::uint64_t range = std::uint64_t{1} << 32;
  for (;;) {
    std::array<unsigned char, 4> bytes{};
    if (RAND_bytes(bytes.data(), bytes.size()) != 1) return make_error(Errc::unsupported, "draw a random number");
    std::uint64_t number = 0;
    for (const unsigned char byte : bytes) number = number << 8 | byte;
    if (number < range - range % bound) return static_cast<std::uint32_t>(number % bound);
  }
}

}  // namespace tcp::stream
