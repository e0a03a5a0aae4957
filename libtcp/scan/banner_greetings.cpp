// SPDX-License-Identifier: MIT
// Servers that speak first.
#include <algorithm>
#include <array>

#include "libtcp/scan/banner_recognizers.hpp"

namespace tcp::scan {
namespace {

using Next = Finding::Next;

Finding greeting(std::string service, const Heard& heard) {
  Finding finding{.service = std::move(service)};
  if (!heard.ended && !heard.bytes.contains('\n')) finding.next = Next::wait;
  return finding;
}

// Names that greetings hold; the version is what follows them, when a digit does.
constexpr std::array<std::string_view, 18> kProducts{"Postfix",
                                                     "Exim",
                                                     "Sendmail",
                                                     "OpenSMTPD",
                                                     "Microsoft ESMTP MAIL Service",
                                                     "Haraka",
                                                     "vsFTPd",
                                                     "ProFTPD",
                                                     "Pure-FTPd",
                                                     "FileZilla Server",
                                                     "Microsoft FTP Service",
                                                     "Dovecot",
                                                     "Courier-IMAP",
                                                     "Cyrus IMAP",
                                                     "Cyrus POP3",
                                                     "InterNetNews",
                                                     "InspIRCd",
                                                     "UnrealIRCd"};

void find_product(std::string_view text, Finding& finding) {
  for (const std::string_view name : kProducts) {
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos) continue;
    finding.product = name;
    const std::string_view rest = text.substr(at + name.size());
    const std::size_t begin = rest.find_first_not_of(" /-v");
    if (begin == std::string_view::npos || rest[begin] < '0' || rest[begin] > '9') return;
    finding.version = bounded(rest.substr(begin, rest.find_first_of(" )]\r\n;,", begin) - begin));
    return;
  }
}

bool has_code(std::string_view text, std::string_view code) {
  return text.starts_with(code) && text.size() > code.size() && (text[code.size()] == ' ' || text[code.size()] == '-');
}

// A reply behind the greeting: the one to the EHLO.
std::string_view second_reply(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::string_view line = text.substr(at + 1);
    if (line.size() >= 4 && !line.starts_with("220")) return line;
  }
  return {};
}

// 220 opens both protocols (RFC 5321 §4.2, RFC 959 §4.2): where its text says neither word, EHLO is understood by one.
Finding mail_or_files(const Heard& heard) {
  if (contains_word(heard.bytes, "smtp")) return greeting("smtp", heard);
  if (contains_word(heard.bytes, "ftp")) return greeting("ftp", heard);
  Finding finding = greeting("smtp", heard);
  const std::string_view reply = second_reply(heard.bytes);
  if (reply.starts_with('5')) finding.service = "ftp";
  if (reply.empty() && heard.bytes.ends_with('\n') && !heard.ended) {
    finding.next = Next::follow_up;
    finding.follow_up = "EHLO tcpbox\r\n";
  }
  return finding;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

// RFC 4253 §4.2: other lines may precede its own.
Recognition recognize_ssh(const Heard& heard) {
  const bool is_first = heard.bytes.starts_with("SSH-");
  const std::size_t line_before = is_first ? 0 : heard.bytes.find("\nSSH-");
  if (line_before == std::string_view::npos) return std::nullopt;
  const std::string_view text = heard.bytes.substr(is_first ? 0 : line_before + 1);
  Finding finding{.service = "ssh"};
  const auto line = first_line(text);
  if (!line && !heard.ended) finding.next = Next::wait;
  const std::string_view words = line.value_or(text).substr(4);
  const std::size_t dash = words.find('-');
  finding.detail = "protocol " + bounded(words.substr(0, dash));
  if (dash != std::string_view::npos) split_product(words.substr(dash + 1), finding);
  return finding;
}

Recognition recognize_smtp_or_ftp(const Heard& heard) {
  const std::string_view text = heard.bytes;
  const bool is_refusal = has_code(text, "421") || has_code(text, "554") || has_code(text, "530");
  if (!is_refusal && !has_code(text, "220")) return std::nullopt;
  Finding finding = is_refusal ? greeting(contains_word(text, "ftp") || has_code(text, "530") ? "ftp" : "smtp", heard)
                               : mail_or_files(heard);
  if (is_refusal) finding.detail = bounded(first_line(text).value_or(text));
  find_product(text, finding);
  return finding;
}

Recognition recognize_pop3(const Heard& heard) {
  if (!heard.bytes.starts_with("+OK") || !heard.asked.empty()) return std::nullopt;
  Finding finding = greeting("pop3", heard);
  find_product(heard.bytes, finding);
  return finding;
}

Recognition recognize_imap(const Heard& heard) {
  static constexpr std::array<std::string_view, 3> kGreetings{"* OK", "* PREAUTH", "* BYE"};
  if (std::ranges::none_of(kGreetings, [&](auto start) { return heard.bytes.starts_with(start); })) return std::nullopt;
  Finding finding = greeting("imap", heard);
  find_product(heard.bytes, finding);
  return finding;
}

Recognition recognize_nntp(const Heard& heard) {
  if (!has_code(heard.bytes, "200") && !has_code(heard.bytes, "201")) return std::nullopt;
  if (!contains_word(heard.bytes, "nntp") && !contains_word(heard.bytes, "news")) return std::nullopt;
  Finding finding = greeting("nntp", heard);
  find_product(heard.bytes, finding);
  return finding;
}

Recognition recognize_irc(const Heard& heard) {
  const std::string_view line = first_line(heard.bytes).value_or(heard.bytes);
  const std::size_t notice = line.find("NOTICE ");
  if (notice == std::string_view::npos || (notice != 0 && !line.starts_with(':'))) return std::nullopt;
  return greeting("irc", heard);
}

Recognition recognize_sieve(const Heard& heard) {
  constexpr std::string_view kStart = "\"IMPLEMENTATION\" \"";
  if (!heard.bytes.starts_with(kStart)) return std::nullopt;
  Finding finding = greeting("sieve", heard);
  const std::string_view rest = heard.bytes.substr(kStart.size());
  finding.product = bounded(rest.substr(0, rest.find('"')));
  return finding;
}

Recognition recognize_nats(const Heard& heard) {
  if (!heard.bytes.starts_with("INFO {")) return std::nullopt;
  Finding finding = greeting("nats", heard);
  constexpr std::string_view kVersion = "\"version\":\"";
  const std::size_t at = heard.bytes.find(kVersion);
  if (at == std::string_view::npos) return finding;
  const std::string_view rest = heard.bytes.substr(at + kVersion.size());
  finding.version = bounded(rest.substr(0, rest.find('"')));
  return finding;
}

Recognition recognize_rsync(const Heard& heard) {
  constexpr std::string_view kStart = "@RSYNCD: ";
  if (!heard.bytes.starts_with(kStart)) return std::nullopt;
  Finding finding = greeting("rsync", heard);
  const std::string_view line = first_line(heard.bytes).value_or(heard.bytes).substr(kStart.size());
  finding.detail = "protocol " + bounded(line.substr(0, line.find(' ')));
  return finding;
}

// RFC 6143 §7.1.1: "RFB 003.008\n"
Recognition recognize_vnc(const Heard& heard) {
  const std::string_view text = heard.bytes;
  if (text.size() < 12 || !text.starts_with("RFB ") || text[7] != '.' || text[11] != '\n') return std::nullopt;
  const auto number = [&](std::size_t at) -> std::string {
    const std::string_view digits = text.substr(at, 3);
    if (!std::ranges::all_of(digits, is_digit)) return "";
    return std::string(digits.substr(std::min<std::size_t>(digits.find_first_not_of('0'), 2)));
  };
  return Finding{.service = "vnc", .detail = "protocol " + number(4) + "." + number(8)};
}

// RFC 854: options are negotiated before anything is said. The prompt behind them is worth a wait.
Recognition recognize_telnet(const Heard& heard) {
  const std::string_view text = heard.bytes;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.size() < 3 || byte(0) != 0xff || byte(1) < 0xfa || byte(1) > 0xfe) return std::nullopt;
  return Finding{.service = "telnet", .next = heard.ended ? Next::nothing : Next::wait};
}

// RFC 864: lines of 72 characters that go on through the printable ones, each begun one further.
Recognition recognize_chargen(const Heard& heard) {
  constexpr std::size_t kLine = 72;
  const std::string_view text = heard.bytes;
  if (text.size() < kLine + 3) return std::nullopt;
  const auto follows = [](char before, char after) {
    return after == before + 1 || (before >= '}' && (after == ' ' || after == '!'));
  };
  for (std::size_t i = 1; i < kLine; ++i) {
    if (!follows(text[i - 1], text[i])) return std::nullopt;
  }
  if (text[kLine] != '\r' || text[kLine + 1] != '\n' || !follows(text[0], text[kLine + 2])) return std::nullopt;
  return Finding{.service = "chargen"};
}

// RFC 862.
Recognition recognize_echo(const Heard& heard) {
  if (heard.question.size() < 8 || !heard.bytes.starts_with(heard.question)) return std::nullopt;
  return Finding{.service = "echo"};
}

}  // namespace tcp::scan
