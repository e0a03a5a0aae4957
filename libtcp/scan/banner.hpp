// SPDX-License-Identifier: MIT
// What a service says, and what it is by that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/scan/tls_probe.hpp"

namespace tcp::scan {

enum class BannerOutcome : std::uint8_t {
  identified,
  unknown,        // it said something that nobody here understands
  mute,           // it accepts connections and says nothing; a SYN-ACK is no service
  closed,         // it closes connections without a word
  reset,          // the same with a reset
  not_connected,  // no second connection came about
  not_asked,      // no time, no room or no sense in asking; the detail says which
};

// "identified", "unknown", "mute", "closed", "reset", "not-connected", "not-asked"
[[nodiscard]] std::string_view to_string(BannerOutcome outcome) noexcept;

// Texts come from the peer, as they came: anything may be in them.
struct HttpFacts {
  unsigned status = 0;
  std::string status_line;
  std::optional<std::string> server;
  std::optional<std::string> title;
  std::optional<std::string> location;
};

struct Banner {
  BannerOutcome outcome = BannerOutcome::not_asked;
  std::string service;               // empty: none was recognized. "http" also inside TLS; see `tls`.
  std::string product;               // as far as it says: "OpenSSH", "nginx"
  std::string version;               // of the product
  std::string detail;                // in a few words, what else it says: "protocol 2.0", "asks for a password"
  std::string asked;                 // the protocol of the question that it answered; empty: it spoke first
  std::vector<std::uint8_t> bytes;   // the beginning of what it said, inside TLS where there is TLS
  std::uint64_t received_bytes = 0;  // all that was read
  std::optional<HttpFacts> http;
  std::optional<TlsFacts> tls;
  std::optional<std::string> tls_failure;  // it speaks TLS, but not with us
  Duration elapsed{};
};

// For people, in one line: "ssh: OpenSSH 9.2p1 Debian-2+deb12u3, protocol 2.0", "accepts, says nothing".
[[nodiscard]] std::string explain(const Banner& banner);

}  // namespace tcp::scan
