// SPDX-License-Identifier: MIT
// PostgreSQL's SSLRequest and the SSL connection request of MySQL and MariaDB.
#include "libtcp/stream/starttls_dialogues.hpp"

namespace tcp::stream {
namespace {

using namespace std::string_view_literals;

// A length of 8 and the code of an SSLRequest, 80877103, in network byte order.
constexpr std::string_view kSslRequest = "\0\0\0\x08\x04\xd2\x16\x2f"sv;

// One byte. The text of an error that comes before TLS is nobody's word (CVE-2024-10977): it is not shown.
class PostgresDialogue final : public StartTlsDialogue {
 public:
  PostgresDialogue() { say("SSLRequest", kSslRequest); }

 private:
  void advance() override {
    if (input().empty()) return;
    const std::string answer = take_message(1);
    switch (answer.front()) {
      case 'S': return finish();
      case 'N': return refuse("the server has no TLS for us");
      case 'E': return refuse("the server answers with an error");
      default: return reject_words(answer + std::string(input()));
    }
  }
};

constexpr std::size_t kHeaderBytes = 4;  // a length of three bytes, least significant first, and a sequence number
constexpr unsigned kProtocolVersion = 10;
constexpr unsigned kErrorPacket = 0xff;
// Capabilities.
constexpr unsigned kClientMySql = 1;  // without it MariaDB expects further ones
constexpr unsigned kClientProtocol41 = 0x200;
constexpr unsigned kClientSsl = 0x800;
constexpr unsigned kClientSecureConnection = 0x8000;
constexpr unsigned kClientPluginAuth = 0x80000;

constexpr unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }
constexpr unsigned word_at(std::string_view bytes, std::size_t at) {
  return byte_at(bytes, at) | byte_at(bytes, at + 1) << 8;
}

std::string little_endian(std::uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i, value >>= 8) bytes += static_cast<char>(value & 0xff);
  return bytes;
}

// Capabilities, the largest packet, a character set, 23 bytes of zero: the beginning of a handshake response.
std::string mysql_ssl_request() {
  constexpr std::uint32_t kLargestPacket = 1 << 24;
  constexpr char kUtf8 = 33;  // utf8_general_ci
  constexpr std::size_t kReserved = 23;
  return std::string("\x20\0\0\x01"sv)
      .append(
          little_endian(kClientMySql | kClientProtocol41 | kClientSsl | kClientSecureConnection | kClientPluginAuth))
      .append(little_endian(kLargestPacket))
      .append(1, kUtf8)
      .append(kReserved, '\0');
}

// The server's greeting says what it can; it does not answer the request: TLS begins.
class MySqlDialogue final : public StartTlsDialogue {
 private:
  void advance() override {
    if (input().size() < kHeaderBytes) return;
    const std::size_t bytes = word_at(input(), 0) | static_cast<std::size_t>(byte_at(input(), 2)) << 16;
    if (kHeaderBytes + bytes <= kLongestStartTlsMessage && input().size() < kHeaderBytes + bytes) return;
    const std::string packet = take_message(kHeaderBytes + bytes);
    if (!is_talking()) return;
    if (bytes == 0 || byte_at(packet, 3) != 0) return reject("the server's first packet is no greeting");
    take_greeting(std::string_view(packet).substr(kHeaderBytes));
  }

  void take_greeting(std::string_view greeting) {
    constexpr std::size_t kBeforeCapabilities = 13;  // a thread's number, half a challenge, a zero
    if (byte_at(greeting, 0) == kErrorPacket && greeting.size() >= 3) {
      return refuse_with(std::to_string(word_at(greeting, 1)) + " " + std::string(greeting.substr(3)));
    }
    if (byte_at(greeting, 0) != kProtocolVersion) return reject_words(greeting);
    const std::size_t end = greeting.find('\0', 1);
    if (end == std::string_view::npos || greeting.size() < end + 1 + kBeforeCapabilities + 2) {
      return reject("the server's greeting is cut short");
    }
    const unsigned capabilities = word_at(greeting, end + 1 + kBeforeCapabilities);
    if ((capabilities & kClientSsl) == 0) return refuse("the server does not offer TLS");
    if ((capabilities & kClientProtocol41) == 0) return refuse("the server is older than its protocol 4.1");
    if (!must_have_waited()) return;
    say("SSL request", mysql_ssl_request());
    finish();
  }
};

}  // namespace

std::unique_ptr<StartTlsDialogue> make_postgres_dialogue() { return std::make_unique<PostgresDialogue>(); }
std::unique_ptr<StartTlsDialogue> make_mysql_dialogue() { return std::make_unique<MySqlDialogue>(); }

}  // namespace tcp::stream
