// SPDX-License-Identifier: MIT
// Protocols of few bytes and no words.
#include <algorithm>
#include <array>

#include "libtcp/scan/banner_bytes.hpp"
#include "libtcp/scan/banner_recognizers.hpp"

namespace tcp::scan {
namespace {

using Next = Finding::Next;

constexpr std::uint16_t kDnsId = 0x7463;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

// The text of the first answer, a TXT record of CH whose name is a pointer or spelt out.
std::string dns_version(std::string_view message) {
  constexpr std::size_t kQuestionAt = 12;
  constexpr std::size_t kQuestion = 18;  // version.bind, type, class
  std::size_t at = kQuestionAt + kQuestion;
  if (message.size() < at + 2) return {};
  at += byte_at(message, at) >= 0xc0 ? 2 : kQuestion - 4;
  constexpr std::size_t kFixed = 10;  // type, class, TTL, length
  if (message.size() < at + kFixed + 1 || big_endian_at(message, at, 2) != 16) return {};
  return bounded(message.substr(at + kFixed + 1, byte_at(message, at + kFixed)));
}

std::string smb_dialect(std::uint32_t number) {
  switch (number) {
    case 0x0202: return "SMB 2.0.2";
    case 0x0210: return "SMB 2.1";
    case 0x0300: return "SMB 3.0";
    case 0x0302: return "SMB 3.0.2";
    case 0x0311: return "SMB 3.1.1";
    default: return "SMB 2";
  }
}

// The string value of a key in a table of AMQP 0-9-1: length, key, 'S', length, value.
std::string amqp_property(std::string_view text, std::string_view key) {
  const std::string sought = static_cast<char>(key.size()) + std::string(key) + "S";
  const std::size_t at = text.find(sought);
  if (at == std::string_view::npos || text.size() < at + sought.size() + 4) return {};
  const std::size_t value = at + sought.size();
  return bounded(text.substr(value + 4, big_endian_at(text, value, 4)));
}

}  // namespace

// RFC 8446 §5.1: a record with a handshake or an alert, in answer to something that was no TLS.
Recognition recognize_tls(const Heard& heard) {
  const std::string_view text = heard.bytes;
  if (text.size() < 5 || (text[0] != 0x15 && text[0] != 0x16) || text[1] != 3 || byte_at(text, 2) > 4) {
    return std::nullopt;
  }
  const std::uint32_t length = big_endian_at(text, 3, 2);
  if (text[0] == 0x15 ? length != 2 : length < 4) return std::nullopt;
  return Finding{.service = "tls", .next = Next::tls_anew};
}

// MS-SMB2 §2.2.3: NEGOTIATE with the dialects 2.0.2 to 3.0.2, in a session message of NetBIOS.
std::string ask_smb(std::string_view /*host*/) {
  std::string message(binary("\0\0\0\x6c\xfeSMB\x40\0"));
  message.append(8, '\0');
  message += binary("\x01\0");
  message.append(48, '\0');
  message += binary("\x24\0\x04\0\x01\0");
  message.append(30, '\0');
  return message += binary("\x02\x02\x10\x02\0\x03\x02\x03");
}

Recognition recognize_smb(const Heard& heard) {
  constexpr std::size_t kDialectAt = 4 + 64 + 4;
  const std::string_view text = heard.bytes;
  if (text.size() < 8 || text[0] != 0) return std::nullopt;
  if (text.substr(4, 4) == "\xffSMB") return Finding{.service = "smb", .detail = "SMB 1"};
  if (text.substr(4, 4) != "\xfeSMB") return std::nullopt;
  if (text.size() < kDialectAt + 2) return Finding{.service = "smb", .next = heard.ended ? Next::nothing : Next::wait};
  return Finding{.service = "smb", .detail = smb_dialect(little_endian_at(text, kDialectAt, 2))};
}

// MS-RDPBCGR §2.2.1.1: an X.224 connection request that offers TLS and CredSSP.
std::string ask_rdp(std::string_view /*host*/) {
  return std::string(binary("\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"));
}

Recognition recognize_rdp(const Heard& heard) {
  const std::string_view text = heard.bytes;
  if (text.size() < 11 || text[0] != 3 || text[1] != 0 || byte_at(text, 5) != 0xd0) return std::nullopt;
  if (big_endian_at(text, 2, 2) < 11) return std::nullopt;
  Finding finding{.service = "rdp"};
  if (text.size() < 19) return finding;
  const std::uint32_t chosen = little_endian_at(text, 15, 4);
  if (text[11] == 3) finding.detail = "refuses TLS";
  if (text[11] != 2) return finding;
  finding.detail = chosen == 0 ? "standard security" : chosen == 1 ? "TLS" : "CredSSP";
  if (chosen != 0) finding.next = Next::tls_here;
  return finding;
}

// version.bind, TXT, CH: what name servers answer with their own version, or refuse.
std::string ask_dns(std::string_view /*host*/) {
  return std::string(
      binary("\0\x1e\x74\x63\0\0\0\x01\0\0\0\0\0\0\x07version\x04"
             "bind\0\0\x10\0\x03"));
}

Recognition recognize_dns(const Heard& heard) {
  const std::string_view text = heard.bytes;
  if (text.size() < 14 || big_endian_at(text, 2, 2) != kDnsId || heard.asked != "dns") return std::nullopt;
  const std::uint32_t flags = big_endian_at(text, 4, 2);
  if ((flags & 0x8000) == 0 || big_endian_at(text, 0, 2) < 12) return std::nullopt;
  Finding finding{.service = "dns"};
  if (text.size() < 2 + big_endian_at(text, 0, 2) && !heard.ended) finding.next = Next::wait;
  if ((flags & 0xf) == 5) finding.detail = "refuses to tell its version";
  if (big_endian_at(text, 8, 2) > 0) finding.version = dns_version(text.substr(2));
  return finding;
}

// RFC 4511: a search for the root DSE, without attributes ("1.1").
std::string ask_ldap(std::string_view /*host*/) {
  return std::string(
      binary("\x30\x2a\x02\x01\x01\x63\x25\x04\0\x0a\x01\0\x0a\x01\0\x02\x01\0\x02\x01\0\x01\x01\0"
             "\x87\x0b"
             "objectClass\x30\x05\x04\x03"
             "1.1"));
}

Recognition recognize_ldap(const Heard& heard) {
  const std::string_view text = heard.bytes;
  if (heard.asked != "ldap" || text.size() < 7 || text[0] != 0x30) return std::nullopt;
  const std::size_t long_form = byte_at(text, 1) > 0x80 ? byte_at(text, 1) - 0x80U : 0;
  const std::string_view message = text.substr(std::min(2 + long_form, text.size()));
  if (long_form > 4 || message.size() < 4 || !message.starts_with(binary("\x02\x01"))) return std::nullopt;
  // A result entry, the end of a search, or a notice of disconnection.
  const std::uint8_t operation = byte_at(message, 3);
  if (operation != 0x64 && operation != 0x65 && operation != 0x78) return std::nullopt;
  return Finding{.service = "ldap"};
}

std::string ask_amqp(std::string_view /*host*/) { return std::string(binary("AMQP\0\0\x09\x01")); }

Recognition recognize_amqp(const Heard& heard) {
  const std::string_view text = heard.bytes;
  if (text.size() >= 8 && text.starts_with("AMQP")) {
    std::string detail = "protocol";
    for (std::size_t i = 5; i < 8; ++i) detail += (i == 5 ? ' ' : '-') + std::to_string(byte_at(text, i));
    return Finding{.service = "amqp", .detail = detail};
  }
  // Connection.Start
  if (text.size() < 11 || !text.starts_with(binary("\x01\0\0"))) return std::nullopt;
  if (text.substr(7, 4) != binary("\0\x0a\0\x0a")) return std::nullopt;
  Finding finding{.service = "amqp", .detail = "protocol 0-9-1"};
  if (text.size() < big_endian_at(text, 3, 4) + 8U && !heard.ended) finding.next = Next::wait;
  finding.product = amqp_property(text, "product");
  finding.version = amqp_property(text, "version");
  return finding;
}

// MQTT 3.1.1 §3.1: CONNECT with a clean session and no name.
std::string ask_mqtt(std::string_view /*host*/) { return std::string(binary("\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0")); }

Recognition recognize_mqtt(const Heard& heard) {
  static constexpr std::array<std::string_view, 6> kCodes{"accepts anybody",           "refuses the protocol version",
                                                          "refuses the client's name", "unavailable",
                                                          "asks for a password",       "not authorized"};
  const std::string_view text = heard.bytes;
  if (heard.asked != "mqtt" || text.size() < 4 || !text.starts_with(binary("\x20\x02"))) return std::nullopt;
  const std::uint8_t code = byte_at(text, 3);
  if (byte_at(text, 2) > 1 || code >= kCodes.size()) return std::nullopt;
  return Finding{.service = "mqtt", .detail = std::string(kCodes[code])};
}

std::string ask_git(std::string_view host) {
  const std::string request =
      std::string(binary("git-upload-pack /\0host=")) + std::string(host.substr(0, kMostText)) + '\0';
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string line;
  for (const unsigned shift : {12U, 8U, 4U, 0U}) line += kDigits[(request.size() + 4) >> shift & 0xf];
  return line + request;
}

// A packet line with an error, or with the first reference.
Recognition recognize_git(const Heard& heard) {
  const std::string_view text = heard.bytes;
  if (heard.asked != "git" || text.size() < 8 || !std::ranges::all_of(text.substr(0, 4), is_hex)) return std::nullopt;
  const std::string_view line = text.substr(4);
  if (line.starts_with("ERR "))
    return Finding{.service = "git", .detail = bounded(first_line(line).value_or(line).substr(4))};
  if (line.size() < 41 || line[40] != ' ' || !std::ranges::all_of(line.substr(0, 40), is_hex)) return std::nullopt;
  return Finding{.service = "git"};
}

}  // namespace tcp::scan
