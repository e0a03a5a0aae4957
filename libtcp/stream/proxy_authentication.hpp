// SPDX-License-Identifier: MIT
// Whether a client of an HTTP proxy is who may use it: Basic (RFC 7617) and Digest (RFC 7616). What is secret is
// compared in constant time. A nonce is good for five minutes; it says itself when it was made, and is sealed with a
// secret of this run, so that nothing is kept of those who ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/proxy.hpp"

namespace tcp::stream {

// Takes as long for every `given` of the same length.
[[nodiscard]] bool is_same_secret(std::string_view given, std::string_view secret) noexcept;

class ProxyAuthentication {
 public:
  enum class Verdict : std::uint8_t { accepted, refused, stale };

  // `secret`: random bytes.
  ProxyAuthentication(ProxyCredentials credentials, std::string secret)
      : credentials_(std::move(credentials)), secret_(std::move(secret)) {}

  // Values of Proxy-Authenticate, the strongest first. A build without TLS offers Basic only.
  [[nodiscard]] std::vector<std::string> challenges(MonotonicTime now, bool is_stale) const;

  // The value of Proxy-Authorization in a request for `target`, which Digest is about.
  [[nodiscard]] Verdict check(std::string_view value, std::string_view method, std::string_view target,
                              MonotonicTime now) const;
  // Of SOCKS.
  [[nodiscard]] bool accepts(std::string_view user, std::string_view password) const;

  [[nodiscard]] const std::string& user() const noexcept { return credentials_.user; }

 private:
  [[nodiscard]] Result<std::string> make_nonce(std::uint64_t seconds) const;
  [[nodiscard]] bool is_ours(std::string_view nonce, std::uint64_t& seconds) const;
  [[nodiscard]] Verdict check_basic(std::string_view value) const;
  [[nodiscard]] Verdict check_digest(std::string_view value, std::string_view method, std::string_view target,
                                     MonotonicTime now) const;

  ProxyCredentials credentials_;
  std::string secret_;
};

// Random, for the above. Errors: the kernel's.
[[nodiscard]] Result<std::string> make_proxy_secret();

}  // namespace tcp::stream
