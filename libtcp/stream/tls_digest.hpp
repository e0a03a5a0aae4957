// SPDX-License-Identifier: MIT
// Hashes of the library behind TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/tls_options.hpp"

namespace tcp::stream {

enum class DigestHash : std::uint8_t { md5, sha256 };

// In hexadecimal, lower case. Errors: a build without TLS; a library that has this hash forbidden.
[[nodiscard]] Result<std::string> hex_digest(DigestHash hash, std::string_view text);

// SHA-256 of bytes that come one after the other. Once the library has failed, ok() is false for good, and no digest
// of it counts: in a build without TLS from the start.
class Sha256Stream {
 public:
  Sha256Stream();
  Sha256Stream(const Sha256Stream& other);
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream other) noexcept;
  ~Sha256Stream();

  [[nodiscard]] bool ok() const noexcept;
  void restart();
  void update(std::span<const std::byte> bytes);
  // Of what has come so far; more may come.
  [[nodiscard]] Sha256 digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What both sides make of a spoken code: 32 bytes by scrypt, at a price of 64 MiB and a fraction of a second. Errors: a
// build without TLS; not enough memory.
[[nodiscard]] Result<Sha256> stretch_code(std::string_view code, std::string_view salt);

// Evenly distributed below `bound`, from the library's generator.
[[nodiscard]] Result<std::uint32_t> random_below(std::uint32_t bound);

}  // namespace tcp::stream
