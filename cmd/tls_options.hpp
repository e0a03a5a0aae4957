// SPDX-License-Identifier: MIT
// --tls and what belongs to it, for those who connect and those who listen.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cmd/options.hpp"
#include "libtcp/stream/tls_options.hpp"

namespace CLI {
class Option;
}

namespace tcp::cmd {

// What both have in common.
class TlsWords {
 public:
  bool tls = false;
  std::string certificate;
  std::string key;
  std::string alpn;
  std::string least;
  std::string most;
  std::string ciphers;

  void define(CLI::App& app);
  // Puts an option into the group, and remembers it, so that its use without --tls is noticed.
  void belongs(CLI::Option* option);
  // Errors: a word that is off; an option without --tls; no TLS in this build.
  [[nodiscard]] Result<stream::TlsOptions> settle() const;

 private:
  [[nodiscard]] Result<void> settle_versions(stream::TlsOptions& settled) const;
  std::vector<CLI::Option*> options_;
};

class TlsConnectOptions {
 public:
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
  // Absent without --tls.
  [[nodiscard]] const std::optional<stream::TlsClientOptions>& settled() const noexcept { return settled_; }

 private:
  TlsWords words_;
  std::string ca_;
  std::string name_;
  std::vector<std::string> pins_;
  bool insecure_ = false;
  std::optional<stream::TlsClientOptions> settled_;
};

class TlsListenOptions {
 public:
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] const std::optional<stream::TlsServerOptions>& settled() const noexcept { return settled_; }

 private:
  TlsWords words_;
  std::string client_ca_;
  bool client_optional_ = false;
  std::string handshake_timeout_;
  std::optional<stream::TlsServerOptions> settled_;
};

}  // namespace tcp::cmd
