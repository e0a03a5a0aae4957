// SPDX-License-Identifier: MIT
#include "libtcp/stream/telnet.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "libtcp/stream/telnet_transport.hpp"

using namespace tcp::stream;
using namespace std::string_view_literals;

namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Heard {
  std::string payload;
  std::string answers;
};

Heard hear(std::string_view text, std::size_t at_a_time) {
  TelnetDecoder decoder;
  Heard heard;
  std::vector<std::byte> answers;
  for (; !text.empty(); text.remove_prefix(std::min(at_a_time, text.size()))) {
    std::string piece(text.substr(0, at_a_time));
    const auto bytes = std::as_writable_bytes(std::span(piece));
    heard.payload += text_of(bytes.first(decoder.decode(bytes, answers)));
  }
  heard.answers = text_of(answers);
  return heard;
}

// Gives one piece at a time and takes one byte at a time, when it may.
class Wire final : public Transport {
 public:
  Attempt receive(std::span<std::byte> buffer) override {
    if (incoming.empty()) return {0, Want::readable, {}};
    const std::string piece = incoming.front();
    incoming.erase(incoming.begin());
    std::ranges::copy(std::as_bytes(std::span(piece)), buffer.begin());
    return {piece.size(), Want::nothing, {}};
  }
  Attempt send(std::span<const std::byte> bytes) override {
    if (room == 0) return {0, Want::writable, {}};
    --room;
    outgoing += static_cast<char>(bytes.front());
    return {1, Want::nothing, {}};
  }
  Attempt finish_sending() override {
    finished = true;
    return {};
  }
  bool is_plain() const noexcept override { return true; }

  std::vector<std::string> incoming;
  std::string outgoing;
  std::size_t room = 1000;
  bool finished = false;
};

struct TelnetFixture {
  TelnetFixture() {
    auto owned = std::make_unique<Wire>();
    wire = owned.get();
    transport = make_telnet_transport(std::move(owned));
  }
  Attempt receive() { return transport->receive(buffer); }
  Attempt send(std::string_view text) { return transport->send(std::as_bytes(std::span(text))); }

  Wire* wire = nullptr;
  std::unique_ptr<Transport> transport;
  std::array<std::byte, 64> buffer{};
};

}  // namespace

TEST_CASE("commands are no payload, in whatever pieces they come, and options are refused") {
  for (const std::size_t at_a_time : {1U, 2U, 3U, 5U, 1000U}) {
    CAPTURE(at_a_time);
    const auto heard = hear(
        "\xff\xfb\x01\xff\xfd\x18log\xff\xf1in\xff\xfa\x18\x01\xff\xf0:\xff\xff\xff\xfc\x01\xff\xfe\x18!\r\0\r\n\0x"sv,
        at_a_time);
    CHECK(heard.payload == "login:\xff!\r\r\n\0x"sv);
    CHECK(heard.answers == "\xff\xfe\x01\xff\xfc\x18");
  }
}

TEST_CASE("a subnegotiation ends with its end, an escaped one inside does not count, another command ends it too") {
  CHECK(hear("a\xff\xfa\x18\xff\xff\xf0z\xff\xf0 b"sv, 1).payload == "a b");
  CHECK(hear("a\xff\xfa\x18zz\xff\xfb\x03 b"sv, 1).payload == "a b");
  CHECK(hear("a\xff\xfa\x18zz\xff\xfb\x03 b"sv, 1).answers == "\xff\xfe\x03");
  CHECK(hear("a\xff\xfa\x18zz\xff\xfa\x18zz\xff\xf0 b"sv, 1).payload == "a b");
  CHECK(hear("a\xff\xfa" + std::string(100'000, 'z'), 7).payload == "a");
}

TEST_CASE("NUL goes after CR only, and across a command") {
  CHECK(hear("\0a\0\r\0\0"sv, 1).payload == "\0a\0\r\0"sv);
  CHECK(hear("\r\xff\xf1\0a"sv, 1).payload == "\ra");
  CHECK(hear("\r\xff\xff\0a"sv, 1).payload == "\r\xff\0a"sv);
}

TEST_CASE("a peer that insists is not answered for ever") {
  std::string insists;
  for (int time = 0; time < 1000; ++time) {
    for (int option = 0; option < 256; ++option) {
      insists += {'\xff', '\xfb', static_cast<char>(option), '\xff', '\xfd', static_cast<char>(option)};
    }
  }
  const auto heard = hear(insists, 1000);
  CHECK(heard.payload.empty());
  CHECK(heard.answers.size() == std::size_t{16} * 256 * 2 * 3);
}

TEST_CASE("what is sent would not be taken for commands") {
  for (const bool apart : {false, true}) {
    CAPTURE(apart);
    TelnetEncoder encoder;
    std::vector<std::byte> out;
    const std::string_view text = "a\xff\xff\r\n\rb\r\r\n\n\r"sv;
    if (apart) {
      for (const char& c : text) encoder.encode(std::as_bytes(std::span(&c, 1)), out);
    } else {
      encoder.encode(std::as_bytes(std::span(text)), out);
    }
    encoder.finish(out);
    CHECK(text_of(out) == "a\xff\xff\xff\xff\r\n\r\0b\r\0\r\n\n\r\0"sv);
  }
}

TEST_CASE("an answer never stands between the two bytes that one byte became") {
  TelnetFixture telnet;
  telnet.wire->room = 1;
  CHECK(telnet.send("\xff").want == Want::writable);
  telnet.wire->incoming = {"\xff\xfb\x01"};
  CHECK(telnet.receive().want == Want::readable);  // whoever sends takes the answer along
  telnet.wire->room = 100;
  CHECK(telnet.send("\xff").bytes == 1);
  CHECK(telnet.wire->outgoing == "\xff\xff\xff\xfe\x01");
}

TEST_CASE("an answer that the connection does not take yet is waited for where nobody sends") {
  TelnetFixture telnet;
  telnet.wire->room = 0;
  telnet.wire->incoming = {"\xff\xfb\x01", "a"};
  const Attempt first = telnet.receive();  // what has come is not held up by it
  CHECK(first.bytes == 1);
  CHECK(telnet.receive().want == Want::writable);
  telnet.wire->room = 100;
  CHECK(telnet.receive().want == Want::readable);
  CHECK(telnet.wire->outgoing == "\xff\xfe\x01");
}

TEST_CASE("after the end of what is sent nothing is answered") {
  TelnetFixture telnet;
  CHECK(telnet.send("a\r").bytes == 2);
  CHECK(telnet.transport->finish_sending().want == Want::nothing);
  telnet.wire->incoming = {"\xff\xfb\x01z"};
  CHECK(telnet.receive().bytes == 1);
  CHECK(telnet.wire->outgoing == "a\r\0"sv);
  CHECK(telnet.wire->finished);
}
