// SPDX-License-Identifier: MIT
// LDAP's StartTLS (RFC 4511 §4.14): an extended request and its response, in BER with definite lengths (§5.1).
#include <array>
#include <optional>

#include "libtcp/stream/starttls_dialogues.hpp"

namespace tcp::stream {
namespace {

using namespace std::string_view_literals;

// A SEQUENCE of the message's number, 1, and an extended request ([APPLICATION 23]) that names StartTLS ([0]).
constexpr std::string_view kRequest =
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
    "1.3.6.1.4.1.1466.20037"sv;

constexpr unsigned kInteger = 0x02;
constexpr unsigned kOctetString = 0x04;
constexpr unsigned kEnumerated = 0x0a;
constexpr unsigned kSequence = 0x30;
constexpr unsigned kExtendedResponse = 0x78;  // [APPLICATION 24]

constexpr unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

struct Header {
  std::size_t bytes = 0;     // of tag and length
  std::size_t contents = 0;  // bytes that follow
};

enum class Fault : std::uint8_t { incomplete, broken };

// Of an element with this tag.
std::expected<Header, Fault> read_header(std::string_view bytes, unsigned tag) {
  if (!bytes.empty() && byte_at(bytes, 0) != tag) return std::unexpected(Fault::broken);
  if (bytes.size() < 2) return std::unexpected(Fault::incomplete);
  const unsigned first = byte_at(bytes, 1);
  if (first < 0x80) return Header{2, first};
  const std::size_t count = first & 0x7f;
  if (count == 0 || count > 4) return std::unexpected(Fault::broken);
  if (bytes.size() < 2 + count) return std::unexpected(Fault::incomplete);
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) length = length << 8 | byte_at(bytes, 2 + i);
  return Header{2 + count, length};
}

// The contents of the element at the front, which is taken off. Nothing: it is another or not whole.
std::optional<std::string_view> take(std::string_view& bytes, unsigned tag) {
  const auto header = read_header(bytes, tag);
  if (!header || header->contents > bytes.size() - header->bytes) return std::nullopt;
  const std::string_view contents = bytes.substr(header->bytes, header->contents);
  bytes.remove_prefix(header->bytes + header->contents);
  return contents;
}

// Of one or two bytes, never negative: all that these messages have.
std::optional<unsigned> take_number(std::string_view& bytes, unsigned tag) {
  const auto contents = take(bytes, tag);
  if (!contents || contents->empty() || contents->size() > 2 || byte_at(*contents, 0) >= 0x80) return std::nullopt;
  unsigned number = 0;
  for (std::size_t i = 0; i < contents->size(); ++i) number = number << 8 | byte_at(*contents, i);
  return number;
}

// RFC 4511 appendix A; those that StartTLS can get.
std::string result_name(unsigned result) {
  struct Row {
    unsigned result;
    const char* name;
  };
  constexpr std::array kNames{Row{1, "operationsError"},
                              Row{2, "protocolError"},
                              Row{8, "strongerAuthRequired"},
                              Row{10, "referral"},
                              Row{13, "confidentialityRequired"},
                              Row{50, "insufficientAccessRights"},
                              Row{51, "busy"},
                              Row{52, "unavailable"},
                              Row{53, "unwillingToPerform"},
                              Row{80, "other"}};
  for (const Row& row : kNames) {
    if (row.result == result) return row.name;
  }
  return "result " + std::to_string(result);
}

class LdapDialogue final : public StartTlsDialogue {
 public:
  LdapDialogue() { say("StartTLS", kRequest); }

 private:
  void advance() override {
    const auto header = read_header(input(), kSequence);
    if (!header && header.error() == Fault::incomplete) return;
    if (!header) return reject_words(input());
    const std::size_t bytes = header->bytes + header->contents;
    if (bytes <= kLongestStartTlsMessage && input().size() < bytes) return;
    const std::string message = take_message(bytes);
    if (is_talking()) take_response(std::string_view(message).substr(header->bytes));
  }

  void take_response(std::string_view message) {
    const auto number = take_number(message, kInteger);
    auto response = take(message, kExtendedResponse);
    if (!number || !response) return reject("the server's message is no extended response");
    const auto result = take_number(*response, kEnumerated);
    const auto matched = take(*response, kOctetString);
    const auto text = take(*response, kOctetString);
    if (!result || !matched || !text) return reject("the server's extended response is broken");
    // Number 0 is a notice of disconnection (§4.4.1), whatever its result.
    if (*number > 1 || (*number == 0 && *result == 0))
      return reject("the server answers a question that was not asked");
    if (*result == 0) return finish();
    refuse_with(result_name(*result) + (text->empty() ? "" : ": " + std::string(*text)));
  }
};

}  // namespace

std::unique_ptr<StartTlsDialogue> make_ldap_dialogue() { return std::make_unique<LdapDialogue>(); }

}  // namespace tcp::stream
