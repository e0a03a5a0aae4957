// SPDX-License-Identifier: MIT
// What a recognizer makes of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/scan/banner.hpp"

namespace tcp::scan {

// All that came on one connection since it was made, as text; the rest may follow.
struct Heard {
  std::string_view bytes;
  std::string_view asked;     // the name of the question that was sent; empty: none
  std::string_view question;  // its bytes
  bool ended = false;         // nothing will follow
};

struct Finding {
  enum class Next : std::uint8_t {
    nothing,
    wait,       // more of it is to come, and would say more
    follow_up,  // send `follow_up` on the same connection
    tls_here,   // TLS may begin on this connection
    tls_anew,   // it wants TLS from the first byte: on a new connection
  };

  std::string service;
  std::string product = {};
  std::string version = {};
  std::string detail = {};
  std::optional<HttpFacts> http = {};
  Next next = Next::nothing;
  std::string follow_up = {};
};

using Recognition = std::optional<Finding>;

// Of a longer text, what may stand in a result.
inline constexpr std::size_t kMostText = 256;
[[nodiscard]] std::string bounded(std::string_view text);
// Up to the first CR or LF; nothing when there is none yet.
[[nodiscard]] std::optional<std::string_view> first_line(std::string_view text);
// ASCII, any case.
[[nodiscard]] bool contains_word(std::string_view text, std::string_view word);
// "nginx/1.22.1" and "OpenSSH_9.2p1" into product and version, at the first separator that a digit follows.
void split_product(std::string_view text, Finding& finding);

}  // namespace tcp::scan
