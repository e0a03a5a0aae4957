// SPDX-License-Identifier: MIT
// Databases and caches.
#include <algorithm>
#include <array>

#include "libtcp/scan/banner_bytes.hpp"
#include "libtcp/scan/banner_recognizers.hpp"

namespace tcp::scan {
namespace {

using Next = Finding::Next;

Finding mysql_of_version(std::string_view version) {
  Finding finding{.service = "mysql"};
  // MariaDB's version begins like this so that old replicas take it for a MySQL 5.
  constexpr std::string_view kDisguise = "5.5.5-";
  if (version.contains("MariaDB")) {
    finding.product = "MariaDB";
    if (version.starts_with(kDisguise)) version.remove_prefix(kDisguise.size());
  } else {
    finding.product = "MySQL";
  }
  finding.version = bounded(version);
  return finding;
}

// An error before the greeting: code, and a state after '#' in newer versions.
Recognition mysql_of_error(std::string_view packet) {
  if (packet.size() < 4) return std::nullopt;
  const std::uint32_t code = little_endian_at(packet, 1, 2);
  if (code < 1000 || code > 4999) return std::nullopt;
  std::string_view words = packet.substr(3);
  if (words.starts_with('#')) words.remove_prefix(std::min<std::size_t>(words.size(), 6));
  Finding finding{.service = "mysql", .detail = "error " + std::to_string(code) + ": " + bounded(words)};
  if (words.contains("MariaDB")) finding.product = "MariaDB";
  return finding;
}

constexpr std::int32_t kMongodbRequest = 0x7463;

void append_little_endian(std::string& text, std::uint32_t number) {
  for (int i = 0; i < 4; ++i) text += static_cast<char>(number >> (8 * i) & 0xff);
}

}  // namespace

Recognition recognize_mysql(const Heard& heard) {
  constexpr std::size_t kHeader = 4;  // of a packet: its length, its number
  constexpr std::size_t kLongestVersion = 64;
  const std::string_view text = heard.bytes;
  if (text.size() < kHeader + 1 || byte_at(text, 3) > 1) return std::nullopt;
  const std::uint32_t length = little_endian_at(text, 0, 3);
  const std::string_view packet = text.substr(kHeader, length);
  if (packet.empty() || length > 1024) return std::nullopt;
  if (byte_at(packet, 0) == 0xff) return mysql_of_error(packet);
  if (byte_at(packet, 0) != 10 || length < 16) return std::nullopt;
  const std::size_t end = packet.find('\0', 1);
  if (end == std::string_view::npos || end < 4 || end > kLongestVersion) return std::nullopt;
  if (packet[1] < '0' || packet[1] > '9') return std::nullopt;
  return mysql_of_version(packet.substr(1, end - 1));
}

std::string ask_redis(std::string_view /*host*/) { return "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n"; }

Recognition recognize_redis(const Heard& heard) {
  static constexpr std::array<std::string_view, 6> kStarts{
      "+PONG\r\n", "-NOAUTH ", "-DENIED Redis", "-LOADING ", "-ERR unknown command", "-ERR wrong number of arguments"};
  const std::string_view text = heard.bytes;
  if (std::ranges::none_of(kStarts, [&](auto start) { return text.starts_with(start); })) return std::nullopt;
  Finding finding{.service = "redis"};
  if (text.starts_with("-NOAUTH")) finding.detail = "asks for a password";
  if (text.starts_with("-DENIED")) finding.detail = "protected mode";
  constexpr std::string_view kVersion = "redis_version:";
  const std::size_t at = text.find(kVersion);
  if (at != std::string_view::npos) {
    const std::string_view rest = text.substr(at + kVersion.size());
    finding.version = bounded(rest.substr(0, rest.find_first_of("\r\n")));
  } else if (heard.asked == "redis" && text.starts_with('+') && !heard.ended && !text.contains("\r\n-")) {
    finding.next = Next::wait;
  }
  return finding;
}

// The SSLRequest of PostgreSQL's protocol: a yes or a no, in one byte.
std::string ask_postgresql(std::string_view /*host*/) { return std::string(binary("\0\0\0\x08\x04\xd2\x16\x2f")); }

Recognition recognize_postgresql(const Heard& heard) {
  const std::string_view text = heard.bytes;
  if (text.size() > 10 && text[0] == 'E' && (text.contains("SFATAL") || text.contains("SERROR"))) {
    return Finding{.service = "postgresql", .detail = "refuses"};
  }
  if (heard.asked != "postgresql" || text.size() != 1) return std::nullopt;
  if (text[0] == 'S') return Finding{.service = "postgresql", .detail = "offers TLS", .next = Next::tls_here};
  if (text[0] == 'N') return Finding{.service = "postgresql", .detail = "without TLS"};
  return std::nullopt;
}

std::string ask_memcached(std::string_view /*host*/) { return "version\r\n"; }

Recognition recognize_memcached(const Heard& heard) {
  constexpr std::string_view kStart = "VERSION ";
  if (!heard.bytes.starts_with(kStart)) return std::nullopt;
  const auto line = first_line(heard.bytes);
  if (!line) return std::nullopt;
  return Finding{.service = "memcached", .version = bounded(line->substr(kStart.size()))};
}

// OP_MSG with {buildInfo: 1, $db: "admin"}, which needs no authentication.
std::string ask_mongodb(std::string_view /*host*/) {
  constexpr std::string_view kFields = binary(
      "\x10"
      "buildInfo\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0");
  std::string body(binary("\0\0\0\0\0"));  // flags, kind of section
  append_little_endian(body, static_cast<std::uint32_t>(kFields.size() + 4));
  body += kFields;
  std::string message;
  append_little_endian(message, static_cast<std::uint32_t>(body.size() + 16));
  append_little_endian(message, kMongodbRequest);
  append_little_endian(message, 0);
  append_little_endian(message, 2013);
  return message + body;
}

Recognition recognize_mongodb(const Heard& heard) {
  constexpr std::size_t kHeader = 16;
  const std::string_view text = heard.bytes;
  if (heard.asked != "mongodb" || text.size() < kHeader) return std::nullopt;
  if (little_endian_at(text, 8, 4) != kMongodbRequest || little_endian_at(text, 12, 4) != 2013) return std::nullopt;
  Finding finding{.service = "mongodb"};
  constexpr std::string_view kVersion = binary("\x02version\0");
  const std::size_t at = text.find(kVersion);
  if (at != std::string_view::npos && text.size() >= at + kVersion.size() + 4) {
    const std::string_view rest = text.substr(at + kVersion.size() + 4);
    finding.version = bounded(rest.substr(0, rest.find('\0')));
  } else if (text.size() < little_endian_at(text, 0, 4) && !heard.ended) {
    finding.next = Next::wait;
  }
  return finding;
}

}  // namespace tcp::scan
