// SPDX-License-Identifier: MIT
// The dialogues of STARTTLS: whole, byte by byte, refused, injected into, endless.
#include "libtcp/stream/starttls.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace tcp;
using namespace tcp::stream;
using namespace std::string_literals;

namespace {

const StartTlsNames kNames{"[192.0.2.1]", "example.org"};

// What is said at the start when `answer` is empty, otherwise what follows that answer.
struct Turn {
  std::string answer;
  std::string said;
};

std::string mysql_greeting(unsigned capabilities, std::string tail = "tail") {
  std::string payload =
      "\x0a"
      "8.0.36"s +
      '\0' + "\1\2\3\4" + "12345678" + '\0';
  payload += static_cast<char>(capabilities & 0xff);
  payload += static_cast<char>(capabilities >> 8);
  payload += tail;
  return std::string(1, static_cast<char>(payload.size())) + "\0\0\0"s + payload;
}

const std::string kMySqlRequest = "\x20\0\0\1\1\x8a\x08\0\0\0\0\1\x21"s + std::string(23, '\0');
const std::string kLdapRequest =
    "\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
    "1.3.6.1.4.1.1466.20037"s;
const std::string kLdapSuccess = "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"s;
const std::string kPostgresRequest = "\0\0\0\x08\x04\xd2\x16\x2f"s;
const std::string kStream =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "version='1.0' to='example.org'>";
const std::string kFeatures =
    "<?xml version='1.0'?><stream:stream from='example.org' id='a>b' version='1.0'>\n<stream:features>"
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>"
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const std::string kStartTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const std::string kProceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

std::vector<Turn> dialogue_of(StartTls protocol) {
  switch (protocol) {
    case StartTls::smtp:
      return {{"220-mail.example.org\r\n220 at your service\r\n", "EHLO [192.0.2.1]\r\n"},
              {"250-mail.example.org\r\n250-SIZE 1000\r\n250-StartTLS\r\n250 HELP\r\n", "STARTTLS\r\n"},
              {"220 2.0.0 Ready\r\n", ""}};
    case StartTls::imap:
      return {{"* OK [CAPABILITY IMAP4rev1] ready\r\n", "a1 CAPABILITY\r\n"},
              {"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n", "a2 STARTTLS\r\n"},
              {"a2 ok Begin TLS\r\n", ""}};
    case StartTls::pop3: return {{"+OK <1@example.org>\r\n", "STLS\r\n"}, {"+OK\n", ""}};
    case StartTls::ftp:
      return {{"120 soon\r\n220-welcome\r\nno code here\r\n 220 nor here\r\n220 ready\r\n", "AUTH TLS\r\n"},
              {"234 go on\r\n", ""}};
    case StartTls::ldap: return {{"", kLdapRequest}, {kLdapSuccess, ""}};
    case StartTls::xmpp: return {{"", kStream}, {kFeatures, kStartTls}, {kProceed, ""}};
    case StartTls::postgres: return {{"", kPostgresRequest}, {"S", ""}};
    case StartTls::mysql: return {{mysql_greeting(0xffff), kMySqlRequest}};
    case StartTls::nntp: return {{"201 news, no posting\r\n", "STARTTLS\r\n"}, {"382 go on\r\n", ""}};
    case StartTls::sieve:
      return {{"\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n", "STARTTLS\r\n"},
              {"OK\r\n", ""}};
  }
  return {};
}

const std::vector kAll{StartTls::smtp, StartTls::imap, StartTls::pop3,     StartTls::ftp,   StartTls::ldap,
                       StartTls::xmpp, StartTls::nntp, StartTls::postgres, StartTls::mysql, StartTls::sieve};

// Feeds all of a dialogue but its last answer.
std::unique_ptr<StartTlsDialogue> before_last_answer(StartTls protocol) {
  auto dialogue = make_starttls_dialogue(protocol, kNames);
  const auto turns = dialogue_of(protocol);
  for (std::size_t i = 0; i + 1 < turns.size(); ++i) {
    if (!turns[i].answer.empty()) dialogue->receive(turns[i].answer);
    (void)dialogue->take_output();
  }
  REQUIRE(dialogue->state() == StartTlsState::talking);
  return dialogue;
}

// Answers to the questions of a protocol, in turn; what became of it.
struct End {
  StartTlsState state;
  std::string step;
  std::string reason;
  std::string unsent;
};

End after(StartTls protocol, const std::vector<std::string>& answers) {
  const auto dialogue = make_starttls_dialogue(protocol, kNames);
  for (const std::string& answer : answers) {
    (void)dialogue->take_output();
    dialogue->receive(answer);
  }
  return {dialogue->state(), std::string(dialogue->step()), dialogue->reason(), dialogue->take_output()};
}

void check_refused(StartTls protocol, const std::vector<std::string>& answers, std::string_view step,
                   std::string_view saying) {
  const End end = after(protocol, answers);
  CAPTURE(end.reason);
  CHECK(end.state == StartTlsState::refused);
  CHECK(end.step == step);
  CHECK(end.reason.contains(saying));
  CHECK(end.unsent.empty());
}

void check_malformed(StartTls protocol, const std::vector<std::string>& answers, std::string_view step,
                     std::string_view saying = "no answer of this protocol") {
  const End end = after(protocol, answers);
  CAPTURE(end.reason);
  CHECK(end.state == StartTlsState::malformed);
  CHECK(end.step == step);
  CHECK(end.reason.contains(saying));
  CHECK(end.unsent.empty());
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("a protocol has its name") {
  for (const StartTls protocol : kAll) CHECK(parse_starttls(to_string(protocol)) == protocol);
  CHECK_FALSE(parse_starttls(""));
  CHECK_FALSE(parse_starttls("SMTP"));
  CHECK(parse_starttls("http").error().message() ==
        "protocol 'http': must be one of smtp, imap, pop3, ftp, ldap, xmpp, postgres, mysql, nntp, sieve");
  for (const StartTls protocol : kAll) {
    CHECK(server_speaks_first(protocol) == make_starttls_dialogue(protocol, kNames)->take_output().empty());
  }
}

TEST_CASE("TLS is asked for in the protocol's words") {
  for (const StartTls protocol : kAll) {
    CAPTURE(to_string(protocol));
    const auto dialogue = make_starttls_dialogue(protocol, kNames);
    for (const Turn& turn : dialogue_of(protocol)) {
      CHECK(dialogue->state() == StartTlsState::talking);
      if (!turn.answer.empty()) dialogue->receive(turn.answer);
      CHECK(dialogue->take_output() == turn.said);
    }
    CHECK(dialogue->state() == StartTlsState::ready);
    CHECK(dialogue->reason().empty());
  }
}

TEST_CASE("byte by byte it is the same, and nothing is said too early") {
  for (const StartTls protocol : kAll) {
    CAPTURE(to_string(protocol));
    const auto dialogue = make_starttls_dialogue(protocol, kNames);
    for (const Turn& turn : dialogue_of(protocol)) {
      for (std::size_t i = 0; i < turn.answer.size(); ++i) {
        CHECK(dialogue->state() == StartTlsState::talking);
        CHECK(dialogue->take_output().empty());
        dialogue->receive(std::string_view(turn.answer).substr(i, 1));
      }
      CHECK(dialogue->take_output() == turn.said);
    }
    CHECK(dialogue->state() == StartTlsState::ready);
  }
}

TEST_CASE("bytes with the last answer, and after it, are refused") {
  for (const StartTls protocol : kAll) {
    CAPTURE(to_string(protocol));
    const std::string last = dialogue_of(protocol).back().answer;
    for (const std::string injected : {"\n", "250 me again\r\n", "\x16\x03\x01"}) {
      auto dialogue = before_last_answer(protocol);
      CHECK(dialogue->receive(last + injected) == StartTlsState::malformed);
      CHECK(dialogue->take_output().empty());
      dialogue = before_last_answer(protocol);
      CHECK(dialogue->receive(last) == StartTlsState::ready);
      CHECK(dialogue->receive(injected) == StartTlsState::malformed);
      CHECK(dialogue->reason().contains("in cleartext"));
      CHECK(dialogue->take_output().empty());
    }
  }
  auto dialogue = before_last_answer(StartTls::smtp);
  dialogue->receive("220 go\r\n");
  CHECK(dialogue->reject_early(1) == StartTlsState::malformed);
  CHECK(dialogue->reason().starts_with("1 byte in cleartext"));
}

TEST_CASE("answers to what has not been asked are refused") {
  check_malformed(StartTls::smtp, {"220 a\r\n250 STARTTLS\r\n220 go\r\n"}, "greeting", "does not wait");
  check_malformed(StartTls::smtp, {"220 a\r\n", "250 STARTTLS\r\n220 go\r\n"}, "EHLO", "does not wait");
  check_malformed(StartTls::pop3, {"+OK\r\n+OK\r\n"}, "greeting", "does not wait");
  check_malformed(StartTls::ftp, {"220 a\r\n234 go\r\n"}, "greeting", "does not wait");
  check_malformed(StartTls::nntp, {"200 a\r\n382 go\r\n"}, "greeting", "does not wait");
  check_malformed(StartTls::sieve, {"\"STARTTLS\"\r\nOK\r\nOK\r\n"}, "greeting", "does not wait");
  check_malformed(StartTls::xmpp, {kFeatures + kProceed}, "stream", "does not wait");
}

TEST_CASE("an IMAP server may say more than it is asked") {
  CHECK(after(StartTls::imap,
              {"* OK a\r\n* 3 EXISTS\r\n", "* OK b\r\n* capability starttls\r\na1 OK\r\n", "* NO c\r\na2 OK\r\n"})
            .state == StartTlsState::ready);
}

TEST_CASE("whoever says no is told apart from whoever does not offer it") {
  check_refused(StartTls::smtp, {"554 go away\r\n"}, "greeting", "\"554 go away\"");
  check_refused(StartTls::smtp, {"220 a\r\n", "502 what\r\n"}, "EHLO", "\"502 what\"");
  check_refused(StartTls::smtp, {"220 a\r\n", "250-STARTTLSX\r\n250-X STARTTLS\r\n250 OK\r\n"}, "EHLO",
                "does not offer");
  check_refused(StartTls::smtp, {"220 a\r\n", "250 STARTTLS\r\n", "454 later\r\n"}, "STARTTLS", "\"454 later\"");
  check_refused(StartTls::imap, {"* BYE full\r\n"}, "greeting", "BYE full");
  check_refused(StartTls::imap, {"* PREAUTH hello\r\n"}, "greeting", "PREAUTH");
  check_refused(StartTls::imap, {"* OK a\r\n", "* CAPABILITY IMAP4rev1\r\na1 OK\r\n"}, "CAPABILITY", "does not offer");
  check_refused(StartTls::imap, {"* OK a\r\n", "* CAPABILITY STARTTLS\r\na1 OK\r\n", "a2 BAD no\r\n"}, "STARTTLS",
                "BAD");
  check_refused(StartTls::pop3, {"-ERR busy\r\n"}, "greeting", "busy");
  check_refused(StartTls::pop3, {"+OK\r\n", "-ERR what\r\n"}, "STLS", "what");
  check_refused(StartTls::ftp, {"421 no\r\n"}, "greeting", "421");
  check_refused(StartTls::ftp, {"220 a\r\n", "534-why\r\n534 so\r\n"}, "AUTH TLS", "534 so");
  check_refused(StartTls::nntp, {"502 no\r\n"}, "greeting", "502");
  check_refused(StartTls::nntp, {"200 a\r\n", "580 no\r\n"}, "STARTTLS", "580");
  check_refused(StartTls::sieve, {"BYE \"full\"\r\n"}, "greeting", "full");
  check_refused(StartTls::sieve, {"\"SIEVE\" \"STARTTLS\"\r\nOK\r\n"}, "greeting", "does not offer");
  check_refused(StartTls::sieve, {"\"STARTTLS\"\r\nOK\r\n", "NO \"x\"\r\n"}, "STARTTLS", "NO");
  check_refused(StartTls::postgres, {"N"}, "SSLRequest", "no TLS");
  check_refused(StartTls::postgres, {"E\0\0\0\5secret"s}, "SSLRequest", "an error");
  CHECK_FALSE(after(StartTls::postgres, {"Esecret"}).reason.contains("secret"));
}

TEST_CASE("MySQL's greeting") {
  check_refused(StartTls::mysql, {mysql_greeting(0xf7ff)}, "greeting", "does not offer");
  check_refused(StartTls::mysql, {mysql_greeting(0xfdff)}, "greeting", "4.1");
  check_refused(StartTls::mysql,
                {"\x08\0\0\0\xff\x6a\x04"
                 "Host?"s},
                "greeting", "1130 Host?");
  check_malformed(StartTls::mysql, {"\x02\0\0\0\x09x"s}, "greeting");
  check_malformed(StartTls::mysql, {"\x02\0\0\1\x0ax"s}, "greeting", "no greeting");
  check_malformed(StartTls::mysql, {"\0\0\0\0"s}, "greeting", "no greeting");
  check_malformed(StartTls::mysql, {"\x02\0\0\0\x0ax"s}, "greeting", "cut short");
  check_malformed(StartTls::mysql, {"\x09\0\0\0\x0ax\0\1\2\3\4\5\6"s}, "greeting", "cut short");
  check_malformed(StartTls::mysql, {"\0\0\x20\0\x0a"s}, "greeting", "longer than 8192");
}

TEST_CASE("LDAP's response") {
  const auto refusal =
      "\x30\x0f\x02\x01\x01\x78\x0a\x0a\x01\x35\x04\x00\x04\x03"
      "why"s;
  check_refused(StartTls::ldap, {refusal}, "StartTLS", "unwillingToPerform: why");
  auto notice = refusal;
  notice[4] = '\0';
  check_refused(StartTls::ldap, {notice}, "StartTLS", "unwillingToPerform");
  auto unknown = refusal;
  unknown[9] = '\x63';
  check_refused(StartTls::ldap, {unknown}, "StartTLS", "result 99: why");
  auto other = kLdapSuccess;
  other[4] = '\2';
  check_malformed(StartTls::ldap, {other}, "StartTLS", "not asked");
  other[4] = '\0';
  check_malformed(StartTls::ldap, {other}, "StartTLS", "not asked");
  other = kLdapSuccess;
  other[5] = '\x61';
  check_malformed(StartTls::ldap, {other}, "StartTLS", "no extended response");
  other = kLdapSuccess;
  other[6] = '\x08';  // beyond the message
  check_malformed(StartTls::ldap, {other}, "StartTLS", "no extended response");
  other = kLdapSuccess;
  other[13] = '\1';
  check_malformed(StartTls::ldap, {other}, "StartTLS", "is broken");
  check_malformed(StartTls::ldap, {"HTTP/1.1"}, "StartTLS");
  check_malformed(StartTls::ldap, {"\x30\x80"}, "StartTLS");            // indefinite
  check_malformed(StartTls::ldap, {"\x30\x85\1\1\1\1\1"}, "StartTLS");  // a length of five bytes
  check_malformed(StartTls::ldap, {"\x30\x84\xff\xff\xff\xff"}, "StartTLS", "longer than 8192");
  CHECK(after(StartTls::ldap, {"\x30\x84\0\0\0\x0c"s + kLdapSuccess.substr(2)}).state == StartTlsState::ready);
}

TEST_CASE("XMPP's stream") {
  const std::string open = "<stream:stream version='1.0'>";
  check_refused(StartTls::xmpp, {open + "<stream:features/>"}, "stream", "does not offer");
  check_refused(StartTls::xmpp, {open + "<features><x>starttls</x></features>"}, "stream", "does not offer");
  check_refused(StartTls::xmpp, {open + "<features><a>" + kStartTls + "</a></features>"}, "stream", "does not offer");
  check_refused(StartTls::xmpp, {open + "<stream:error><host-unknown xmlns='a'/>"}, "stream", "host-unknown");
  check_refused(StartTls::xmpp, {open + "</stream:stream>"}, "stream", "ends the stream");
  check_refused(StartTls::xmpp, {kFeatures, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"}, "starttls",
                "failure");
  check_malformed(StartTls::xmpp, {"HTTP/1.1 400\r\n"}, "stream");
  check_malformed(StartTls::xmpp, {"<html>"}, "stream");
  check_malformed(StartTls::xmpp, {"<stream:stream/>"}, "stream");
  check_malformed(StartTls::xmpp, {open + "<!DOCTYPE a [<!ENTITY b 'c'>]>"}, "stream");
  check_malformed(StartTls::xmpp, {open + "<?xml version='1.0'?>"}, "stream");
  check_malformed(StartTls::xmpp, {open + "<features></mechanisms>"}, "stream");
  check_malformed(StartTls::xmpp, {kFeatures, "<message/>"}, "starttls");
  check_malformed(StartTls::xmpp, {kFeatures, "<proceed xmlns='other'/>"}, "starttls");
  check_malformed(StartTls::xmpp, {kFeatures, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'><a/>"}, "starttls");
  CHECK(after(StartTls::xmpp, {kFeatures, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>"}).state ==
        StartTlsState::ready);
  const auto odd = make_starttls_dialogue(StartTls::xmpp, {"", "a'><b&"});
  CHECK(odd->take_output().ends_with("to='a&apos;>&lt;b&amp;'>"));
}

TEST_CASE("what is no answer of the protocol") {
  const std::string other = "HTTP/1.1 400 Bad Request\r\n";
  for (const StartTls protocol :
       {StartTls::smtp, StartTls::imap, StartTls::pop3, StartTls::ftp, StartTls::nntp, StartTls::sieve}) {
    check_malformed(protocol, {other}, "greeting");
    check_malformed(protocol, {"\r\n"}, "greeting");
    check_malformed(protocol, {"\n"}, "greeting");
  }
  check_malformed(StartTls::smtp, {"220-a\r\n250 b\r\n"}, "greeting");
  check_malformed(StartTls::smtp, {"220x\r\n"}, "greeting");
  check_malformed(StartTls::nntp, {"200-a\r\n"}, "greeting");
  check_malformed(StartTls::imap, {"a1 OK\r\n"}, "greeting");
  check_malformed(StartTls::imap, {"* OK\r\n", "a2 OK\r\n"}, "CAPABILITY");
  check_malformed(StartTls::sieve, {"\"STARTTLS\"\r\nOK\r\n", "\"x\"\r\n"}, "STARTTLS");
  check_malformed(StartTls::postgres, {"G"}, "SSLRequest");
  const End end = after(StartTls::smtp, {repeated("x", 1000) + "\r\n"});
  CHECK(end.reason.size() < 250);
}

TEST_CASE("an endless answer ends") {
  check_malformed(StartTls::smtp, {repeated("x", 8193)}, "greeting", "longer than 8192 bytes");
  check_malformed(StartTls::smtp, {"220 " + repeated("x", 8192) + "\r\n"}, "greeting", "longer than 8192 bytes");
  CHECK(after(StartTls::smtp, {"220 " + repeated("x", 8186) + "\r\n"}).state == StartTlsState::talking);
  check_malformed(StartTls::smtp, {repeated("220-\r\n", 513)}, "greeting", "more than 512 parts");
  CHECK(after(StartTls::smtp, {repeated("220-\r\n", 512)}).state == StartTlsState::talking);
  check_malformed(StartTls::ftp, {"220-\r\n" + repeated("\n", 600)}, "greeting", "more than 512 parts");
  check_malformed(StartTls::imap, {"* OK\r\n", repeated("* a\r\n", 600)}, "CAPABILITY", "more than 512 parts");
  check_malformed(StartTls::smtp, {repeated("220-" + repeated("x", 8000) + "\r\n", 9)}, "greeting",
                  "more than 65536 bytes");
  check_malformed(StartTls::xmpp, {"<stream:stream " + repeated("x", 8192)}, "stream", "longer than 8192 bytes");
  check_malformed(StartTls::xmpp, {"<stream><features>" + repeated("<a>", 600)}, "stream", "more than 512 parts");
  check_malformed(StartTls::xmpp, {repeated(" ", 65537)}, "stream", "more than 65536 bytes");
  check_malformed(StartTls::xmpp, {"<stream><features>", repeated("x", 65519)}, "stream", "more than 65536 bytes");
}
