// SPDX-License-Identifier: MIT
#include "cmd/tls_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

#include "libtcp/stream/tls.hpp"
#include "libtcp/stream/tls_words.hpp"

namespace tcp::cmd {
namespace {

Result<std::optional<stream::TlsVersion>> settle_version(const std::string& option, const std::string& word) {
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

std::string TlsWords::name(std::string_view rest) const { return std::string(names_.prefix) + "-" + std::string(rest); }

void TlsWords::define(CLI::App& app) {
  if (names_.has_flag) app.add_flag(std::string(names_.wanted_by), tls, "Speak TLS")->group(std::string(names_.group));
  belongs(app.add_option(name("cert"), certificate, "Our certificate with its chain, PEM")->type_name("FILE"));
  belongs(app.add_option(name("key"), key, "Its key, when it is in a file of its own")->type_name("FILE"));
  belongs(app.add_option(name("alpn"), alpn, "Application protocols, the most wanted first: h2,http/1.1")
              ->type_name("NAMES"));
  belongs(app.add_option(name("min"), least, "The oldest version allowed, 1.0 to 1.3 (1.2)")->type_name("VERSION"));
  belongs(app.add_option(name("max"), most, "The newest version allowed")->type_name("VERSION"));
  belongs(
      app.add_option(name("ciphers"), ciphers, "Ciphers allowed, as 'openssl ciphers' lists them, and TLS 1.3 suites")
          ->type_name("LIST"));
}

void TlsWords::belongs(CLI::Option* option) {
  option->group(std::string(names_.group));
  options_.push_back(option);
}

Result<void> TlsWords::settle_used() const {
  for (const CLI::Option* option : options_) {
    if (option->count() > 0 && !tls) return usage_error(option->get_name(), "needs " + std::string(names_.wanted_by));
    // A variable that a script forgot to set must not turn a check off.
    const auto& words = option->results();
    if (std::ranges::find(words, std::string()) != words.end())
      return usage_error(option->get_name() + " ''", "is empty");
  }
  return {};
}

Result<stream::TlsOptions> TlsWords::settle() const {
  TCP_TRY(settle_used());
  stream::TlsOptions settled;
  if (!tls) return settled;
  if (!stream::has_tls()) {
    return make_error(Errc::unsupported, std::string(names_.wanted_by), "this build has no TLS");
  }
  if (!key.empty() && certificate.empty()) return usage_error(name("key"), "needs " + name("cert"));
  if (!alpn.empty()) {
    auto protocols = stream::parse_alpn(alpn);
    if (!protocols) return in_option(name("alpn"), std::move(protocols).error());
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
  TCP_TRY_ASSIGN(oldest, settle_version(name("min"), least));
  TCP_TRY_ASSIGN(newest, settle_version(name("max"), most));
  if (oldest && newest && *oldest > *newest) {
    return usage_error(name("min") + " " + least + " and " + name("max") + " " + most, "no version is left");
  }
  settled.least = oldest;
  settled.most = newest;
  return {};
}

void TlsConnectOptions::define(CLI::App& app) {
  words_.define(app);
  if (words_.names().has_flag) {
    const std::string text = "Ask for TLS as this protocol does: " + stream::starttls_names();
    starttls_option_ = app.add_option("--starttls", starttls_, text)->type_name("PROTOCOL");
    words_.belongs(starttls_option_);
  }
  words_.belongs(app.add_option(words_.name("ca"), ca_, "Whom to trust: PEM file or directory (the system's)")
                     ->type_name("FILE|DIR"));
  words_.belongs(app.add_option(words_.name("name"), name_, "Who has to answer (the host): SNI and certificate check")
                     ->type_name("NAME"));
  words_.belongs(
      app.add_option(words_.name("pin"), pins_, "Trust this certificate or public key only: sha256:HEX; repeatable")
          ->type_name("PIN")
          ->expected(1)
          ->allow_extra_args(false)
          ->take_all());
  words_.belongs(app.add_flag(words_.name("insecure"), insecure_, "Trust whoever answers"));
}

Result<void> TlsConnectOptions::settle() {
  if (starttls_option_ != nullptr && starttls_option_->count() > 0) words_.tls = true;
  TCP_TRY_ASSIGN(common, words_.settle());
  if (!words_.tls) return {};
  stream::TlsClientOptions settled;
  if (!starttls_.empty()) {
    auto protocol = stream::parse_starttls(starttls_);
    if (!protocol) return in_option("--starttls", std::move(protocol).error());
    settled.starttls = *protocol;
  }
  settled.common = std::move(common);
  for (const std::string& word : pins_) {
    auto pin = stream::parse_tls_pin(word);
    if (!pin) return in_option(words_.name("pin"), std::move(pin).error());
    settled.pins.push_back(*pin);
  }
  TCP_TRY(settle_trust());
  settled.ca_path = ca_;
  settled.name = name_;
  settled.insecure = insecure_;
  settled.pin_option = words_.name("pin");
  settled_ = std::move(settled);
  return {};
}

Result<void> TlsConnectOptions::settle_trust() const {
  const std::string insecure = words_.name("insecure");
  if (insecure_ && !pins_.empty()) return usage_error(insecure + " and " + words_.name("pin"), "choose one of them");
  if (insecure_ && !ca_.empty()) return usage_error(insecure + " and " + words_.name("ca"), "choose one of them");
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
