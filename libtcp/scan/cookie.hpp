// SPDX-License-Identifier: MIT
// What makes an answer prove itself without memory: the initial sequence number of a probe is a keyed hash of whom it
// goes to and which try it is (SipHash-2-4, Aumasson and Bernstein 2012), and only a receiver of the probe can
// acknowledge it.
#pragma once

#include <cstdint>
#include <span>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::scan {

struct CookieKey {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

// From the kernel's random source.
[[nodiscard]] Result<CookieKey> make_cookie_key();

[[nodiscard]] std::uint64_t siphash_2_4(const CookieKey& key, std::span<const std::uint8_t> bytes) noexcept;

// The zone of the address does not count: an answer names none.
[[nodiscard]] std::uint64_t make_cookie(const CookieKey& key, const Endpoint& target, std::uint8_t attempt) noexcept;

}  // namespace tcp::scan
