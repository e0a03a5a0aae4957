// SPDX-License-Identifier: MIT
#include "cmd/tls_records.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>

#include "libtcp/base/parse.hpp"

namespace tcp::cmd {
namespace {

Record to_record(const stream::TlsCertificate& certificate) {
  Record record;
  record.add("subject", certificate.subject)
      .add("issuer", certificate.issuer)
      .add("not_after", to_rfc3339(certificate.not_after))
      .add("days_left", certificate.days_left)
      .add("names", List(certificate.names.begin(), certificate.names.end()))
      .add("sha256", certificate.sha256);
  return record;
}

std::string_view verified_by(stream::TlsVerified verified) {
  switch (verified) {
    case stream::TlsVerified::none: return "not verified";
    case stream::TlsVerified::ca: return "verified by its authority";
    case stream::TlsVerified::pin: return "verified by its pin";
    case stream::TlsVerified::code: return "verified by the code";
  }
  return "";
}

std::string validity(const stream::TlsCertificate& certificate) {
  const std::string day = to_rfc3339(certificate.not_after).substr(0, 10);
  if (certificate.days_left < 0) return fmt::format("expired {} days ago ({})", -certificate.days_left, day);
  return fmt::format("valid for {} more days (until {})", certificate.days_left, day);
}

std::string describe(const stream::TlsCertificate& certificate) {
  std::string text =
      fmt::format("certificate {}: from {}, {}", certificate.subject, certificate.issuer, validity(certificate));
  if (!certificate.names.empty()) text += fmt::format(", for {}", fmt::join(certificate.names, ", "));
  return text + ", sha256:" + certificate.sha256;
}

}  // namespace

Record to_record(const stream::TlsSession& session) {
  List chain;
  for (const stream::TlsCertificate& certificate : session.peer_chain) chain.emplace_back(to_record(certificate));
  Record record;
  record.add("version", session.version)
      .add("cipher", session.cipher)
      .add("group", session.group)
      .add("alpn", session.alpn)
      .add("handshake_us", static_cast<double>(session.handshake_time.count()) / 1000.0)
      .add("verified", to_string(session.verified))
      .add("peer_chain", std::move(chain));
  return record;
}

std::vector<std::string> describe(const stream::TlsSession& session) {
  std::string line = fmt::format("{} {}", session.version, session.cipher);
  if (session.group) line += " " + *session.group;
  if (session.alpn) line += ", ALPN " + *session.alpn;
  line += fmt::format(" in {}", format_duration(session.handshake_time));
  line += session.peer_chain.empty() ? ", no certificate" : fmt::format(", {}", verified_by(session.verified));
  std::vector<std::string> lines{std::move(line)};
  for (const stream::TlsCertificate& certificate : session.peer_chain) lines.push_back(describe(certificate));
  return lines;
}

}  // namespace tcp::cmd
