// SPDX-License-Identifier: MIT
// What recognizers make of the bytes of real servers, and how a conversation goes about asking.
#include <doctest/doctest.h>

#include <algorithm>

#include "libtcp/scan/banner_bytes.hpp"
#include "libtcp/scan/banner_conversation.hpp"
#include "libtcp/scan/banner_protocols.hpp"

using namespace tcp;
using namespace tcp::scan;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

namespace {

struct Sample {
  std::string_view bytes;
  std::string_view asked;
  std::string_view service;
  std::string_view product;
  std::string_view version;
  std::string_view detail;
};

const Sample kSamples[] = {
    {"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "", "ssh", "OpenSSH", "9.2p1 Debian-2+deb12u3", "protocol 2.0"},
    {"Keep out\r\nSSH-1.99-dropbear_2022.83\r\n", "http", "ssh", "dropbear", "2022.83", "protocol 1.99"},
    {"\nSSH-2.0-a_1\r\n", "", "ssh", "a", "1", "protocol 2.0"},
    {"220 mail.example.org ESMTP Postfix (Debian/GNU)\r\n", "", "smtp", "Postfix", "", ""},
    {"220 mx ESMTP Exim 4.96 Mon, 1 Jan 2024\r\n", "", "smtp", "Exim", "4.96", ""},
    {"554 no SMTP service here\r\n", "", "smtp", "", "", "554 no SMTP service here"},
    {"220 (vsFTPd 3.0.3)\r\n", "", "ftp", "vsFTPd", "3.0.3", ""},
    {"220-FileZilla Server 1.5.1\r\n220 hello\r\n530 no EHLO\r\n", "", "ftp", "FileZilla Server", "1.5.1", ""},
    {"+OK Dovecot ready.\r\n", "", "pop3", "Dovecot", "", ""},
    {"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", "", "imap", "Dovecot", "", ""},
    {"200 news.example.org InterNetNews NNRP server INN 2.7.1 ready\r\n", "", "nntp", "InterNetNews", "", ""},
    {":irc.example.org NOTICE * :*** Looking up\r\n", "", "irc", "", "", ""},
    {"\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n", "", "sieve", "Dovecot Pigeonhole", "", ""},
    {"INFO {\"server_id\":\"N\",\"version\":\"2.9.21\"}\r\n", "", "nats", "", "2.9.21", ""},
    {"@RSYNCD: 31.0 sha512 sha256\n", "", "rsync", "", "", "protocol 31.0"},
    {"RFB 003.008\n", "", "vnc", "", "", "protocol 3.8"},
    {"\xff\xfd\x18\xff\xfd\x20", "", "telnet", "", "", ""},
    {"+PONG\r\n$30\r\n# Server\r\nredis_version:7.0.15\r\n", "redis", "redis", "", "7.0.15", ""},
    {"-NOAUTH Authentication required.\r\n", "redis", "redis", "", "", "asks for a password"},
    {"-ERR wrong number of arguments for 'get' command\r\n", "http", "redis", "", "", ""},
    {"N", "postgresql", "postgresql", "", "", "without TLS"},
    {"S", "postgresql", "postgresql", "", "", "offers TLS"},
    {"VERSION 1.6.18\r\n", "memcached", "memcached", "", "1.6.18", ""},
    {"AMQP\0\0\x09\x01"sv, "http", "amqp", "", "", "protocol 0-9-1"},
    {"\x20\x02\0\0"sv, "mqtt", "mqtt", "", "", "accepts anybody"},
    {"\x20\x02\0\x05"sv, "mqtt", "mqtt", "", "", "not authorized"},
    {"\x15\x03\x01\0\x02\x02\x46"sv, "http", "tls", "", "", ""},
    {"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x0f\x08\0\x02\0\0\0"sv, "rdp", "rdp", "", "", "CredSSP"},
    {"003aERR access denied or repository not exported: /", "git", "git", "", "",
     "access denied or repository not exported: /"},
    {"RTSP/1.0 400 Bad Request\r\nServer: GStreamer\r\n\r\n", "http", "rtsp", "GStreamer", "",
     "RTSP/1.0 400 Bad Request"},
    {"\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\0\x04\0\x04\0"sv, "ldap", "ldap", "", "", ""},
    {"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\r\n", "http", "http", "nginx", "1.22.1", ""},
    {"HTTP/1.0 200 OK\r\n\r\nIt looks like you are trying to access MongoDB over HTTP on the native driver port.\r\n",
     "http", "mongodb", "", "", "answers HTTP with a hint"},
};

Finding must(std::string_view bytes, std::string_view asked, std::string_view question = {}, bool ended = true) {
  auto finding = recognize({bytes, asked, question, ended});
  REQUIRE_MESSAGE(finding.has_value(), std::string(bytes));
  return *finding;
}

std::string packet(std::string_view payload) {
  std::string text(1, static_cast<char>(payload.size()));
  text += binary("\0\0\0");
  return text + std::string(payload);
}

std::string ask_of(std::string_view name) {
  return std::ranges::find(banner_protocols(), name, &BannerProtocol::name)->question("192.0.2.1");
}

MonotonicTime at(Duration time) { return MonotonicTime(time); }

BannerConversation conversation(std::uint16_t port) {
  BannerTask task;
  task.port = port;
  task.host = "192.0.2.1";
  task.timeout = 5s;
  return {task, at(0s)};
}

void hear(BannerConversation& talk, std::string_view text, Duration now) {
  talk.on_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, at(now));
}

}  // namespace

TEST_CASE("each service is known by what it says") {
  for (const Sample& sample : kSamples) {
    CAPTURE(std::string(sample.bytes));
    const Finding finding = must(sample.bytes, sample.asked);
    CHECK(finding.service == sample.service);
    CHECK(finding.product == sample.product);
    CHECK(finding.version == sample.version);
    CHECK(finding.detail == sample.detail);
  }
}

TEST_CASE("what nobody says is nobody's") {
  for (const std::string_view text : {"x", "hello\r\n", "\x01\x02\x03\x04\x05\x06", "220", "S", "HTTP/1.1", "HTTP/x 9",
                                      "RFB ", "* hello", "\x16\x04\x01\x02\x03\x04", "SSH", "ERROR\r\n"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(recognize({text, "http", "GET / HTTP/1.1", true}).has_value());
  }
}

TEST_CASE("MySQL greets with its version, or refuses with a number") {
  const std::string mysql = packet(
      "\x0a"
      "8.0.36\0\x08\0\0\0abcdefgh"sv);
  CHECK(must(mysql, "").version == "8.0.36");
  const std::string maria = packet(
      "\x0a"
      "5.5.5-10.11.6-MariaDB-0+deb12u1\0\x08\0\0\0abcdefgh"sv);
  CHECK(must(maria, "").product == "MariaDB");
  CHECK(must(maria, "").version == "10.11.6-MariaDB-0+deb12u1");
  const std::string refusal = packet("\xff\x6a\x04Host '192.0.2.9' is not allowed to connect to this MariaDB server"sv);
  CHECK(must(refusal, "").detail.starts_with("error 1130: Host '192.0.2.9' is not allowed"));
}

TEST_CASE("HTTP tells status, server, title and where to go") {
  const Finding page = must(
      "HTTP/1.1 302 Found\r\nserver:  Apache/2.4.57 (Debian) \r\nLocation: https://example.org/\r\n\r\n"
      "<html><TITLE lang=en>\n  Moved\n  away </TITLE>",
      "http");
  REQUIRE(page.http.has_value());
  CHECK(page.http->status == 302);
  CHECK(page.http->status_line == "HTTP/1.1 302 Found");
  CHECK(page.http->server == "Apache/2.4.57 (Debian)");
  CHECK(page.http->location == "https://example.org/");
  CHECK(page.http->title == "Moved away");
  CHECK(page.product == "Apache");
  const Finding elastic = must(
      "HTTP/1.1 200 OK\r\n\r\n{ \"version\" : { \"number\" : \"8.11.1\" }, \"tagline\" : \"You Know, for Search\" }",
      "http");
  CHECK(elastic.product == "Elasticsearch");
  CHECK(elastic.version == "8.11.1");
  CHECK(must("HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port", "http").next ==
        Finding::Next::tls_anew);
}

TEST_CASE("an answer that is not whole is waited for") {
  CHECK(must("HTTP/1.1 200 OK\r\nServer: ng", "http", {}, false).next == Finding::Next::wait);
  CHECK(must("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "http", {}, false).next == Finding::Next::wait);
  CHECK(must("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "http", {}, false).next == Finding::Next::nothing);
  CHECK(must("SSH-2.0-Open", "", {}, false).next == Finding::Next::wait);
}

TEST_CASE("echo and chargen are known by their kind") {
  CHECK(must("GET / HTTP/1.1", "http", "GET / HTTP/1.1").service == "echo");
  std::string chargen;
  for (int i = 0; i < 72; ++i) chargen += static_cast<char>('!' + i);
  CHECK(must(chargen + "\r\n\"#$", "").service == "chargen");
}

TEST_CASE("a name server tells its version") {
  std::string answer = ask_of("dns");
  answer[4] = '\x80';
  answer[9] = 1;
  answer +=
      "\xc0\x0c\0\x10\0\x03\0\0\0\0\0\x07\x06"
      "9.18.2"sv;
  answer[1] = static_cast<char>(answer.size() - 2);
  CHECK(must(answer, "dns").version == "9.18.2");
}

TEST_CASE("a silent port is listened to, then asked, each time on a new connection") {
  BannerConversation talk = conversation(40'001);
  CHECK(talk.take_wants_connection());
  talk.on_connected(at(10ms));
  CHECK(talk.take_output().empty());
  CHECK(talk.deadline() == at(1010ms));
  talk.on_time(at(1010ms));
  CHECK_FALSE(talk.take_wants_connection());
  CHECK(talk.take_output().starts_with("GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n"));
  talk.on_ended(at(1020ms));
  CHECK(talk.take_wants_connection());
  talk.on_connected(at(1030ms));
  CHECK(talk.take_output().starts_with("*1\r\n$4\r\nPING"));
  hear(talk, "+PONG\r\n$20\r\nredis_version:7.0.15\r\n", 1040ms);
  CHECK(talk.is_done());
  const Banner banner = talk.banner(at(1040ms));
  CHECK(banner.outcome == BannerOutcome::identified);
  CHECK(banner.service == "redis");
  CHECK(banner.asked == "redis");
  CHECK(explain(banner) == "redis: 7.0.15");
}

TEST_CASE("a port whose usual protocol lets the client begin is asked at once") {
  BannerConversation web = conversation(80);
  web.on_connected(at(0s));
  CHECK(web.take_output().starts_with("GET / "));
  BannerConversation cache = conversation(6379);
  cache.on_connected(at(0s));
  CHECK(cache.take_output().starts_with("*1\r\n"));
  hear(cache, "SSH-2.0-x_1\r\n", 1ms);
  CHECK(cache.banner(at(1ms)).service == "ssh");
}

TEST_CASE("silence and the ways to close are told apart") {
  BannerConversation mute = conversation(40'001);
  Duration now = 0s;
  for (; !mute.is_done(); now = mute.deadline().time_since_epoch()) {
    if (mute.take_wants_connection()) mute.on_connected(at(now));
    mute.on_time(at(now));
    REQUIRE(now <= 5s);
  }
  CHECK(mute.banner(at(now)).outcome == BannerOutcome::mute);
  CHECK(explain(mute.banner(at(now))) == "accepts, says nothing");

  BannerConversation closed = conversation(40'001);
  closed.on_connected(at(0s));
  closed.on_ended(at(1ms));
  CHECK(closed.banner(at(1ms)).outcome == BannerOutcome::closed);

  BannerConversation reset = conversation(40'001);
  reset.on_connected(at(0s));
  reset.on_failed(system_error("x", ECONNRESET).error(), at(1ms));
  CHECK(reset.banner(at(1ms)).outcome == BannerOutcome::reset);

  BannerConversation refused = conversation(40'001);
  refused.on_failed(system_error("x", ECONNREFUSED).error(), at(1ms));
  CHECK(refused.banner(at(1ms)).outcome == BannerOutcome::not_connected);
  CHECK(explain(refused.banner(at(1ms))) == "no second connection: Connection refused");

  BannerConversation cut = conversation(40'001);
  cut.on_connected(at(0s));
  cut.interrupt("interrupted");
  CHECK(explain(cut.banner(at(1ms))) == "not asked: interrupted");
}

TEST_CASE("a drip ends at the timeout, a flood at its bound") {
  BannerConversation drip = conversation(40'001);
  (void)drip.take_wants_connection();
  drip.on_connected(at(0s));
  Duration now = 0s;
  for (; !drip.is_done() && now < 10s; now += 500ms) {
    hear(drip, "x", now);
    drip.on_time(at(now));
  }
  CHECK(now <= 6s);
  CHECK(drip.banner(at(now)).outcome == BannerOutcome::unknown);

  BannerConversation flood = conversation(40'001);
  flood.on_connected(at(0s));
  const std::string chunk(16 * 1024, '\x01');
  for (int i = 0; i < 5; ++i) hear(flood, chunk, 1ms);
  CHECK(flood.is_done());
  const Banner banner = flood.banner(at(1ms));
  CHECK(banner.received_bytes == BannerConversation::kMostBytes);
  CHECK(banner.bytes.size() == BannerConversation::kMostKept);
}

TEST_CASE("a greeting that two protocols share is followed up") {
  BannerConversation talk = conversation(40'001);
  talk.on_connected(at(0s));
  hear(talk, "220 Welcome\r\n", 1ms);
  CHECK(talk.take_output() == "EHLO tcpbox\r\n");
  hear(talk, "250-here\r\n250 STARTTLS\r\n", 2ms);
  CHECK(talk.banner(at(2ms)).service == "smtp");
}
