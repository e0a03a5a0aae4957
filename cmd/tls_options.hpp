// SPDX-License-Identifier: MIT
// --tls and what belongs to it, for those who connect, those who listen, and those who forward.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cmd/options.hpp"
#include "libtcp/stream/tls_options.hpp"

namespace CLI {
class Option;
}

namespace tcp::cmd {

// How the options of one kind of session are called.
struct TlsNames {
  std::string_view prefix = "--tls";     // of "--tls-cert" and the others
  std::string_view wanted_by = "--tls";  // what asks for TLS
  std::string_view group = "TLS";        // of the help
  bool has_flag = true;                  // `wanted_by` is an option of its own
};

// What all have in common.
class TlsWords {
 public:
  explicit TlsWords(const TlsNames& names) : names_(names) {}

  bool tls = false;
  std::string certificate;
  std::string key;
  std::string alpn;
  std::string least;
  std::string most;
  std::string ciphers;

  void define(CLI::App& app);
  // "cert" is --tls-cert.
  [[nodiscard]] std::string name(std::string_view rest) const;
  [[nodiscard]] const TlsNames& names() const noexcept { return names_; }
  // Puts an option into the group, and remembers it, so that its use without TLS is noticed.
  void belongs(CLI::Option* option);
  // Errors: a word that is off; an option without TLS; no TLS in this build.
  [[nodiscard]] Result<stream::TlsOptions> settle() const;

 private:
  [[nodiscard]] Result<void> settle_used() const;
  [[nodiscard]] Result<void> settle_versions(stream::TlsOptions& settled) const;
  TlsNames names_;
  std::vector<CLI::Option*> options_;
};

class TlsConnectOptions {
 public:
  explicit TlsConnectOptions(const TlsNames& names = {}) : words_(names) {}
  void define(CLI::App& app);
  // For names without a flag, before settle().
  void set_wanted(bool wanted) noexcept { words_.tls = wanted; }
  [[nodiscard]] Result<void> settle();
  // Absent without TLS.
  [[nodiscard]] const std::optional<stream::TlsClientOptions>& settled() const noexcept { return settled_; }

 private:
  [[nodiscard]] Result<void> settle_trust() const;

  TlsWords words_;
  std::string starttls_;
  CLI::Option* starttls_option_ = nullptr;  // implies --tls
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
  TlsWords words_{TlsNames()};
  std::string client_ca_;
  bool client_optional_ = false;
  std::string handshake_timeout_;
  std::optional<stream::TlsServerOptions> settled_;
};

}  // namespace tcp::cmd
