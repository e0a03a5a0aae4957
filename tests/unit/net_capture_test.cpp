// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/capture.hpp"

using namespace tcp;
using namespace tcp::net;
using namespace std::chrono_literals;

namespace {

using Octets = std::vector<std::uint8_t>;

// A file without a name.
class MemoryFile {
 public:
  explicit MemoryFile(const Octets& bytes) : fd_(::memfd_create("capture", MFD_CLOEXEC)) {
    REQUIRE(::write(fd_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

void put32(Octets& to, std::uint32_t value, bool big_endian = false) {
  for (int i = 0; i < 4; ++i) to.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? 3 - i : i)));
}

struct PcapKind {
  std::uint32_t magic = 0xa1b2c3d4;
  std::uint32_t link_type = 1;
  bool big_endian = false;
};

Octets pcap_header(const PcapKind& kind = {}) {
  Octets bytes;
  for (const std::uint32_t word :
       {kind.magic, kind.big_endian ? 0x00020004U : 0x00040002U, 0U, 0U, 65535U, kind.link_type}) {
    put32(bytes, word, kind.big_endian);
  }
  return bytes;
}

void add_frame(Octets& file, const Octets& frame, std::uint32_t seconds, std::uint32_t fraction,
               bool big_endian = false) {
  const auto size = static_cast<std::uint32_t>(frame.size());
  for (const std::uint32_t word : {seconds, fraction, size, size + 10}) put32(file, word, big_endian);
  file.insert(file.end(), frame.begin(), frame.end());
}

void add_block(Octets& file, std::uint32_t type, const Octets& body) {
  const auto length = static_cast<std::uint32_t>(12 + body.size());
  put32(file, type);
  put32(file, length);
  file.insert(file.end(), body.begin(), body.end());
  put32(file, length);
}

Octets pcapng_header() {
  Octets file;
  add_block(file, 0x0a0d0d0a, {0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  // LINKTYPE_RAW (101), no limit; if_tsresol: 10^-9
  add_block(file, 1, {101, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0});
  return file;
}

void add_packet_block(Octets& file, std::uint64_t time, const Octets& frame) {
  Octets body;
  const auto size = static_cast<std::uint32_t>(frame.size());
  for (const std::uint32_t word :
       {0U, static_cast<std::uint32_t>(time >> 32), static_cast<std::uint32_t>(time), size, size}) {
    put32(body, word);
  }
  body.insert(body.end(), frame.begin(), frame.end());
  body.resize((body.size() + 3) & ~std::size_t{3});
  add_block(file, 6, body);
}

Capture open_bytes(const MemoryFile& file) {
  auto capture = Capture::open_file(file.path());
  if (!capture) FAIL(capture.error().message());
  return std::move(*capture);
}

std::string open_error(const std::string& path, const std::string& filter = {}) {
  const auto capture = Capture::open_file(path, filter);
  return capture ? "opened" : capture.error().message();
}

}  // namespace

TEST_CASE("a pcap file gives its frames with their times and lengths") {
  Octets bytes = pcap_header();
  add_frame(bytes, {1, 2, 3}, 1'769'828'400, 123'456);
  add_frame(bytes, {4}, 1'769'828'401, 0);
  const MemoryFile file(bytes);
  Capture capture = open_bytes(file);
  CHECK(capture.link_type() == 1);
  const auto first = capture.next().value().value();
  CHECK(Octets(first.bytes.begin(), first.bytes.end()) == Octets{1, 2, 3});
  CHECK(first.original_length == 13);
  CHECK(first.time == WallTime(1'769'828'400s + 123'456us));
  CHECK(capture.next().value().value().bytes.size() == 1);
  CHECK_FALSE(capture.next().value().has_value());
  CHECK_FALSE(capture.next().value().has_value());
  CHECK(capture.statistics().received == 2);
}

TEST_CASE("nanoseconds and the other byte order") {
  Octets bytes = pcap_header({.magic = 0xa1b23c4d, .link_type = 113, .big_endian = true});
  add_frame(bytes, {1}, 5, 999'999'999, true);
  const MemoryFile file(bytes);
  Capture capture = open_bytes(file);
  CHECK(capture.link_type() == 113);
  CHECK(capture.next().value().value().time == WallTime(5s + 999'999'999ns));
}

TEST_CASE("raw IP has one link type, whatever a system calls it") {
  for (const std::uint32_t link_type : {12U, 14U, 101U}) {
    CHECK(open_bytes(MemoryFile(pcap_header({.link_type = link_type}))).link_type() == 101);
  }
  CHECK(open_bytes(MemoryFile(pcapng_header())).link_type() == 101);
  CHECK(open_bytes(MemoryFile(pcap_header({.link_type = 276}))).link_type() == 276);
}

TEST_CASE("a pcapng file, with times that no clock has") {
  Octets bytes = pcapng_header();
  add_packet_block(bytes, 1'000'000'001, {0x45});
  add_packet_block(bytes, 0xffffffffffffffff, {0x45, 0});
  const MemoryFile file(bytes);
  Capture capture = open_bytes(file);
  CHECK(capture.next().value().value().time == WallTime(1s + 1ns));
  CHECK(capture.next().value().value().bytes.size() == 2);
  CHECK_FALSE(capture.next().value().has_value());
}

TEST_CASE("times out of range are bent, not overflowed") {
  Octets bytes = pcap_header();
  add_frame(bytes, {1}, 0xffffffff, 0xffffffff);
  const MemoryFile file(bytes);
  CHECK(open_bytes(file).next().value().has_value());
}

TEST_CASE("a broken file gives its frames up to the break, then the reason, then nothing") {
  Octets bytes = pcap_header();
  add_frame(bytes, {1, 2, 3}, 1, 0);
  add_frame(bytes, {4, 5, 6}, 2, 0);
  bytes.resize(bytes.size() - 2);
  const MemoryFile file(bytes);
  Capture capture = open_bytes(file);
  CHECK(capture.next().value().has_value());
  const auto broken = capture.next();
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().is(Errc::malformed));
  CHECK(broken.error().message() ==
        "read " + file.path() + ": truncated dump file; tried to read 3 captured bytes, only got 1");
  CHECK_FALSE(capture.next().value().has_value());
}

TEST_CASE("a frame that claims more than any frame has is malformed") {
  Octets bytes = pcap_header();
  for (const std::uint32_t word : {1U, 0U, 0x7fffffffU, 0x7fffffffU}) put32(bytes, word);
  const MemoryFile file(bytes);
  const auto frame = open_bytes(file).next();
  REQUIRE_FALSE(frame.has_value());
  CHECK(frame.error().is(Errc::malformed));
}

TEST_CASE("what is no capture says so") {
  for (const Octets& bytes : {Octets{}, Octets{1, 2, 3}, Octets(100, 'x')}) {
    const MemoryFile file(bytes);
    const auto capture = Capture::open_file(file.path());
    REQUIRE_FALSE(capture.has_value());
    CHECK(capture.error().is(Errc::malformed));
    CHECK(capture.error().message().starts_with("read " + file.path() + ": "));
  }
}

TEST_CASE("what is no file says what it is") {
  CHECK(open_error("/nonexistent") == "read /nonexistent: No such file or directory");
  CHECK(open_error("/proc") == "read /proc: Is a directory");
  CHECK(open_error("/dev/zero") == "read /dev/zero: is a device");
}

TEST_CASE("a pipe is read like a file") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  Octets bytes = pcap_header();
  add_frame(bytes, {1}, 1, 0);
  REQUIRE(::write(in.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  in.reset();
  Capture capture = Capture::open_file("/proc/self/fd/" + std::to_string(out.get())).value();
  CHECK(capture.next().value().has_value());
  CHECK_FALSE(capture.next().value().has_value());
}

TEST_CASE("a filter passes what it should and its errors name it") {
  Octets bytes = pcap_header({.link_type = 101});
  Octets packet(40);
  packet[0] = 0x45;
  packet[9] = 17;
  add_frame(bytes, packet, 1, 0);
  packet[9] = 6;
  add_frame(bytes, packet, 2, 0);
  const MemoryFile file(bytes);
  Capture capture = Capture::open_file(file.path(), "tcp").value();
  CHECK(capture.next().value().value().time == WallTime(2s));
  CHECK_FALSE(capture.next().value().has_value());
  CHECK(open_error(file.path(), "tcp prot 80").starts_with("filter 'tcp prot 80': "));
  CHECK(Capture::open_file(file.path(), "tcp and and").error().is(Errc::invalid_input));
}

TEST_CASE("live capture refuses what is no interface") {
  for (const char* name :
       {"", "no-such-if", "usbmon0", "bluetooth0", "dbus-system", "a-name-longer-than-any-interface"}) {
    const auto capture = Capture::open_live({.interface = name});
    REQUIRE_FALSE(capture.has_value());
    CHECK(capture.error().is(Errc::not_found));
  }
}

TEST_CASE("live capture waits no longer than it is told") {
  auto capture = Capture::open_live({.interface = "lo", .filter = "tcp dst port 1 and tcp src port 1"});
  if (!capture) {
    CHECK(capture.error().is(Errc::not_permitted));
    CHECK_FALSE(capture.error().hint.empty());
    return;
  }
  const MonotonicTime deadline = SystemClock().now() + 20ms;
  CHECK_FALSE(capture->next(deadline).value().has_value());
  CHECK(SystemClock().now() >= deadline);
  CHECK_FALSE(capture->next(MonotonicTime::min()).value().has_value());
  const auto wrong = Capture::open_live({.interface = "lo", .filter = "tcp prot"});
  CHECK(wrong.error().is(Errc::invalid_input));
}
