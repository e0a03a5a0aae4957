// SPDX-License-Identifier: MIT
#include "cmd/tls_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "libtcp/stream/tls.hpp"
#include "libtcp/stream/tls_words.hpp"

namespace tcp::cmd {
namespace {

constexpr const char* kGroup = "TLS";

Result<std::optional<stream::TlsVersion>> settle_version(std::string_view option, const std::string& word) {
  if (word.empty()) return std::nullopt;
  auto version = stream::parse_tls_version(word);
  if (!version) return in_option(option, std::move(version).error());
  return *version;
}

// Not for a program that was given privileges its caller has not got.
std::string key_log_file() {
  const char* path = ::secure_getenv("SSLKEYLOGFILE");
  return path != nullptr ? path : "";
}

}  // namespace

void TlsWords::define(CLI::App& app) {
  app.add_flag("--tls", tls, "Speak TLS")->group(kGroup);
  belongs(app.add_option("--tls-cert", certificate, "Our certificate with its chain, PEM")->type_name("FILE"));
  belongs(app.add_option("--tls-key", key, "Its key, when it is in a file of its own")->type_name("FILE"));
  belongs(app.add_option("--tls-alpn", alpn, "Application protocols, the most wanted first: h2,http/1.1")
              ->type_name("NAMES"));
  belongs(app.add_option("--tls-min", least, "The oldest version allowed, 1.0 to 1.3 (1.2)")->type_name("VERSION"));
  belongs(app.add_option("--tls-max", most, "The newest version allowed")->type_name("VERSION"));
  belongs(
      app.add_option("--tls-ciphers", ciphers, "Ciphers allowed, as 'openssl ciphers' lists them, and TLS 1.3 suites")
          ->type_name("LIST"));
}

void TlsWords::belongs(CLI::Option* option) {
  option->group(kGroup);
  options_.push_back(option);
}

Result<stream::TlsOptions> TlsWords::settle() const {
  for (const CLI::Option* option : options_) {
    if (option->count() > 0 && !tls) return usage_error(option->get_name(), "needs --tls");
    // A variable that a script forgot to set must not turn a check off.
    const auto& words = option->results();
    if (std::ranges::find(words, std::string()) != words.end())
      return usage_error(option->get_name() + " ''", "is empty");
  }
  stream::TlsOptions settled;
  if (!tls) return settled;
  if (!stream::has_tls()) return make_error(Errc::unsupported, "--tls", "this build has no TLS");
  if (!key.empty() && certificate.empty()) return usage_error("--tls-key", "needs --tls-cert");
  if (!alpn.empty()) {
    auto protocols = stream::parse_alpn(alpn);
    if (!protocols) return in_option("--tls-alpn", std::move(protocols).error());
    settled.alpn = std::move(*protocols);
  }
  TCP_TRY(settle_versions(settled));
  settled.ciphers = ciphers;
  settled.certificate_file = certificate;
  settled.key_file = key;
  settled.key_log_file = key_log_file();
  return settled;
}

Result<void> TlsWords::settle_versions(stream::TlsOptions& settled) const {
  TCP_TRY_ASSIGN(oldest, settle_version("--tls-min", least));
  TCP_TRY_ASSIGN(newest, settle_version("--tls-max", most));
  if (oldest && newest && *oldest > *newest) {
    return usage_error("--tls-min " + least + " and --tls-max " + most, "no version is left");
  }
  settled.least = oldest;
  settled.most = newest;
  return {};
}

void TlsConnectOptions::define(CLI::App& app) {
  words_.define(app);
  words_.belongs(
      app.add_option("--tls-ca", ca_, "Whom to trust: PEM file or directory (the system's)")->type_name("FILE|DIR"));
  words_.belongs(app.add_option("--tls-name", name_, "Who has to answer (the host): SNI and certificate check")
                     ->type_name("NAME"));
  words_.belongs(app.add_option("--tls-pin", pins_, "Trust this certificate or public key only: sha256:HEX; repeatable")
                     ->type_name("PIN")
                     ->expected(1)
                     ->allow_extra_args(false)
                     ->take_all());
  words_.belongs(app.add_flag("--tls-insecure", insecure_, "Trust whoever answers"));
}

Result<void> TlsConnectOptions::settle() {
  TCP_TRY_ASSIGN(common, words_.settle());
  if (!words_.tls) return {};
  stream::TlsClientOptions settled;
  settled.common = std::move(common);
  for (const std::string& word : pins_) {
    auto pin = stream::parse_tls_pin(word);
    if (!pin) return in_option("--tls-pin", std::move(pin).error());
    settled.pins.push_back(*pin);
  }
  if (insecure_ && !pins_.empty()) return usage_error("--tls-insecure and --tls-pin", "choose one of them");
  if (insecure_ && !ca_.empty()) return usage_error("--tls-insecure and --tls-ca", "choose one of them");
  settled.ca_path = ca_;
  settled.name = name_;
  settled.insecure = insecure_;
  settled_ = std::move(settled);
  return {};
}

void TlsListenOptions::define(CLI::App& app) {
  words_.define(app);
  words_.belongs(app.add_option("--tls-client-ca", client_ca_, "Clients need a certificate of these authorities, PEM")
                     ->type_name("FILE"));
  words_.belongs(
      app.add_flag("--tls-client-optional", client_optional_, "A client without a certificate is welcome too"));
  words_.belongs(
      app.add_option("--handshake-timeout", handshake_timeout_, "How long a handshake may take (10s; 0: no limit)")
          ->type_name("DURATION"));
}

Result<void> TlsListenOptions::settle() {
  TCP_TRY_ASSIGN(common, words_.settle());
  if (!words_.tls) return {};
  stream::TlsServerOptions settled;
  settled.common = std::move(common);
  if (client_optional_ && client_ca_.empty()) return usage_error("--tls-client-optional", "needs --tls-client-ca");
  TCP_TRY_ASSIGN(patience, settle_duration("--handshake-timeout", handshake_timeout_, settled.handshake_timeout));
  settled.client_ca_file = client_ca_;
  settled.client_optional = client_optional_;
  settled.handshake_timeout = patience;
  settled_ = std::move(settled);
  return {};
}

}  // namespace tcp::cmd
