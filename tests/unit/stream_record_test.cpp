// SPDX-License-Identifier: MIT
// A conversation as packets, and what becomes of the file they go to.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/stream/recorder.hpp"
#include "libtcp/stream/synthetic_flow.hpp"

using namespace tcp;
using namespace tcp::stream;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*parse_ip_address(address), port}; }

TapContext context_between(std::string_view local, std::string_view remote, bool opened_here) {
  return {7, {endpoint(local, 1000), endpoint(remote, 2000)}, opened_here};
}

struct Seen {
  std::uint16_t source_port;
  packet::TcpHeader header;
  std::string payload;
  bool checksum_is_right;
};

// Reads IPv4 packets back.
class Wire {
 public:
  explicit Wire(const TapContext& context)
      : local_(std::get<Endpoint>(context.addresses.local)),
        remote_(std::get<Endpoint>(context.addresses.remote)),
        flow(context, [this](packet::Bytes bytes) { add(bytes); }) {}

 private:
  void add(packet::Bytes bytes) {
    const packet::Bytes segment = bytes.subspan(local_.address.is_v4() ? 20 : 40);
    packet::ParseError error{};
    const auto view = packet::parse_tcp_segment(segment, error);
    REQUIRE(error == packet::ParseError::none);
    const bool is_ours = view.header.source_port == local_.port;
    const IpAddress& source = is_ours ? local_.address : remote_.address;
    const IpAddress& destination = is_ours ? remote_.address : local_.address;
    seen.push_back({view.header.source_port,
                    view.header,
                    {reinterpret_cast<const char*>(view.payload.data()), view.payload.size()},
                    packet::tcp_checksum(source, destination, segment) == 0});
  }
  Endpoint local_;
  Endpoint remote_;

 public:
  std::vector<Seen> seen;
  SyntheticFlow flow;
};

std::filesystem::path scratch(const std::string& name) {
  std::string directory = (std::filesystem::temp_directory_path() / "tcpbox-record-XXXXXX").string();
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  return std::filesystem::path(directory) / name;
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a whole conversation: each byte acknowledged, each end by its FIN, each checksum right") {
  for (const auto& [local, remote] : {std::pair{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8::2"}}) {
    Wire wire(context_between(local, remote, true));
    wire.flow.handshake();
    wire.flow.data(Way::sent, bytes_of("question"));
    wire.flow.data(Way::received, bytes_of("an answer"));
    wire.flow.fin(Way::sent);
    wire.flow.fin(Way::received);
    wire.flow.reset(Way::sent);  // nothing is left to reset
    REQUIRE(wire.seen.size() == 11);
    for (const Seen& each : wire.seen) CHECK(each.checksum_is_right);
    CHECK(wire.seen[0].header.is_syn_only());
    CHECK(wire.seen[0].source_port == 1000);
    CHECK(wire.seen[1].header.is_syn_ack());
    CHECK(wire.seen[3].payload == "question");
    CHECK(wire.seen[3].header.sequence == 1);
    CHECK(wire.seen[4].header.acknowledgment == 9);
    CHECK(wire.seen[5].payload == "an answer");
    CHECK(wire.seen[6].header.acknowledgment == 10);
    CHECK(wire.seen[7].header.has(packet::control::fin));
    CHECK(wire.seen[10].header.acknowledgment == 11);
    CHECK(wire.seen[10].header.sequence == 10);
  }
}

TEST_CASE("who opened it sends the SYN") {
  Wire wire(context_between("192.0.2.1", "192.0.2.2", false));
  wire.flow.handshake();
  CHECK(wire.seen[0].source_port == 2000);
}

TEST_CASE("what is too large for a packet is several, in order") {
  Wire wire(context_between("192.0.2.1", "192.0.2.2", true));
  const std::string large(200'000, 'x');
  wire.flow.data(Way::received, bytes_of(large));
  std::uint32_t next = 0;
  for (const Seen& each : wire.seen) {
    if (each.payload.empty()) {
      CHECK(each.header.acknowledgment == next);
    } else {
      CHECK(each.header.sequence == next);
      next += static_cast<std::uint32_t>(each.payload.size());
    }
  }
  CHECK(next == large.size());
}

TEST_CASE("a conversation that broke off ends with a reset") {
  Wire wire(context_between("192.0.2.1", "192.0.2.2", true));
  wire.flow.handshake();
  wire.flow.fin(Way::sent);
  wire.flow.reset(Way::received);
  wire.flow.reset(Way::received);
  CHECK(wire.seen.back().header.has(packet::control::rst));
  CHECK(wire.seen.back().source_port == 2000);
  CHECK(wire.seen.size() == 6);
}

TEST_CASE("a Unix-domain socket is recorded as well") {
  const TapContext context{3, {UnixName{"/run/x"}, UnixName{}}, true};
  unsigned packets = 0;
  SyntheticFlow flow(context, [&](packet::Bytes bytes) {
    if (!bytes.empty()) ++packets;
  });
  flow.handshake();
  CHECK(packets == 3);
}

TEST_CASE("a recording is a new file, for its owner only, and replaces nothing") {
  const ManualClock clock;
  const auto path = scratch("new.txt");
  const auto first = Recorder::create(path, clock, [](const Error&) { FAIL("no failure"); });
  REQUIRE(first);
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const auto second = Recorder::create(path, clock, [](const Error&) {});
  REQUIRE_FALSE(second);
  CHECK(second.error().message() == "record to " + path.string() + ": File exists");
  CHECK_FALSE(second.error().hint.empty());
}

TEST_CASE("the text says when, which way and what") {
  const ManualClock clock;
  const auto path = scratch("talk");
  const auto recorder = Recorder::create(path, clock, [](const Error&) { FAIL("no failure"); });
  REQUIRE(recorder);
  const auto tap = (*recorder)->open(context_between("192.0.2.1", "192.0.2.2", true));
  tap->on_bytes(Way::sent, bytes_of("hi"));
  tap->on_bytes(Way::sent, bytes_of("\n"));
  tap->on_bytes(Way::received, bytes_of("ho"));
  tap->on_end(Way::received);
  tap->on_closed(CloseReason::interrupted);
  CHECK(read_file(path) ==
        "1970-01-01T00:00:00.000000Z 7 192.0.2.1:1000 -> 192.0.2.2:2000\n"
        "1970-01-01T00:00:00.000000Z 7 sent 2 bytes\n"
        "> 00000000  68 69                                             |hi|\n"
        "1970-01-01T00:00:00.000000Z 7 sent 1 bytes\n"
        "> 00000002  0a                                                |.|\n"
        "1970-01-01T00:00:00.000000Z 7 received 2 bytes\n"
        "< 00000000  68 6f                                             |ho|\n"
        "1970-01-01T00:00:00.000000Z 7 received the end\n"
        "1970-01-01T00:00:00.000000Z 7 closed: interrupted\n");
}

TEST_CASE("a full disk is told once, and nothing is written after it") {
  const ManualClock clock;
  std::vector<std::string> told;
  const auto recorder =
      Recorder::create("/dev/full", clock, [&](const Error& error) { told.push_back(error.message()); });
  REQUIRE(recorder);
  CHECK_FALSE((*recorder)->has_failed());
  const auto tap = (*recorder)->open(context_between("192.0.2.1", "192.0.2.2", true));
  tap->on_bytes(Way::sent, bytes_of("lost"));
  tap->on_closed(CloseReason::finished);
  CHECK((*recorder)->has_failed());
  CHECK(told == std::vector<std::string>{"record to /dev/full: No space left on device"});
}
