// SPDX-License-Identifier: MIT
// --proxy and what belongs to it.
#pragma once

#include <string>
#include <vector>

#include "cmd/tls_options.hpp"
#include "libtcp/stream/dial_options.hpp"

namespace tcp::cmd {

// Credentials for and of proxies may be in the environment.
inline constexpr const char* kProxyAuthVariable = "TCPBOX_PROXY_AUTH";

class ProxyWords {
 public:
  void define(CLI::App& app);
  // Everything but credentials from elsewhere. `uses_tls`: with the target. Errors: words that are off, also those of
  // the environment.
  [[nodiscard]] Result<void> settle(const stream::Target& target, bool uses_tls);
  // Reads the credentials. Errors: the file's, and what it holds.
  [[nodiscard]] Result<void> load(stream::DialOptions& dial);

  [[nodiscard]] bool is_used() const noexcept { return !proxies_.empty(); }
  [[nodiscard]] bool has_unchecked_peer() const { return is_used() && tls_.settled() && tls_.settled()->insecure; }

 private:
  [[nodiscard]] Result<void> settle_proxies(const stream::Target& target, bool uses_tls);
  [[nodiscard]] Result<void> take_lines(std::string_view text, const std::string& from);

  std::vector<std::string> words_;
  std::string auth_file_;
  TlsConnectOptions tls_{{"--proxy-tls", "a --proxy https://HOST:PORT", "Proxies", false}};
  std::vector<stream::Proxy> proxies_;
};

// For commands that a proxy has no use for: --proxy is known, and refused with the reason.
class RefusedProxy {
 public:
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle() const;

 private:
  std::vector<std::string> words_;
};

}  // namespace tcp::cmd
