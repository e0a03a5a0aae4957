// SPDX-License-Identifier: MIT
// How we prove to an HTTP proxy who we are: Basic (RFC 7617) or Digest (RFC 7616), the strongest that it offers.
// Nothing is said before it asks, so that a password is never sent where its digest would have done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/proxy.hpp"
#include "libtcp/stream/tls_digest.hpp"

namespace tcp::stream {

// One way of several that a proxy offers. Names of schemes and parameters are lower case.
struct HttpChallenge {
  std::string scheme;
  std::vector<std::pair<std::string, std::string>> parameters;
  // Empty when absent.
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
};

// The value of Proxy-Authenticate (RFC 9110 §11.6.1); what is off ends the list.
[[nodiscard]] std::vector<HttpChallenge> parse_http_challenges(std::string_view value);

class ProxyAuthorization {
 public:
  // `client_nonce`: random, of printable characters, for Digest.
  ProxyAuthorization(std::optional<ProxyCredentials> credentials, std::string client_nonce)
      : credentials_(std::move(credentials)), client_nonce_(std::move(client_nonce)) {}

  // The proxy asks who we are. Errors: we do not know; it does not believe us; it offers no way that we know.
  [[nodiscard]] Result<void> answer(const std::vector<HttpChallenge>& offered);

  // The value of Proxy-Authorization for "CONNECT authority", empty before the proxy has asked. Errors: a build
  // without the hash.
  [[nodiscard]] Result<std::string> value(std::string_view authority);

 private:
  [[nodiscard]] Result<std::string> digest(std::string_view authority);

  std::optional<ProxyCredentials> credentials_;
  std::string client_nonce_;
  std::optional<HttpChallenge> chosen_;
  std::uint32_t uses_ = 0;        // of the chosen challenge's nonce
  std::uint32_t challenges_ = 0;  // that were answered
};

}  // namespace tcp::stream
