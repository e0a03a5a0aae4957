// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/byte_source.hpp"
#include "libtcp/trace/frame_reader.hpp"

using namespace tcp;
using namespace tcp::net;
using namespace tcp::trace;
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

struct Frame {
  Octets bytes;
  std::uint32_t original_length = 0;
  WallTime time;
  std::uint16_t link_type = 0;
};

// All that a file gives, and why it ended otherwise than properly.
struct Reading {
  std::vector<Frame> frames;
  std::optional<Error> error;
};

Reading read_all(const std::string& path) {
  Reading reading;
  auto source = ByteSource::open(path);
  if (!source) {
    reading.error = source.error();
    return reading;
  }
  const auto done = read_savefile(*source, [&](const packet::SavefileFrame& frame) {
    reading.frames.push_back(
        {Octets(frame.bytes.begin(), frame.bytes.end()), frame.original_length, frame.time, frame.link_type});
    return true;
  });
  if (!done) reading.error = done.error();
  return reading;
}

Reading read_bytes(const Octets& bytes) {
  const MemoryFile file(bytes);
  return read_all(file.path());
}

}  // namespace

TEST_CASE("a pcap file gives its frames with their times and lengths") {
  Octets bytes = pcap_header();
  add_frame(bytes, {1, 2, 3}, 1'769'828'400, 123'456);
  add_frame(bytes, {4}, 1'769'828'401, 0);
  const Reading reading = read_bytes(bytes);
  CHECK_FALSE(reading.error.has_value());
  REQUIRE(reading.frames.size() == 2);
  CHECK(reading.frames[0].bytes == Octets{1, 2, 3});
  CHECK(reading.frames[0].original_length == 13);
  CHECK(reading.frames[0].time == WallTime(1'769'828'400s + 123'456us));
  CHECK(reading.frames[0].link_type == 1);
  CHECK(reading.frames[1].bytes.size() == 1);
}

TEST_CASE("nanoseconds and the other byte order") {
  Octets bytes = pcap_header({.magic = 0xa1b23c4d, .link_type = 113, .big_endian = true});
  add_frame(bytes, {1}, 5, 999'999'999, true);
  const Reading reading = read_bytes(bytes);
  REQUIRE(reading.frames.size() == 1);
  CHECK(reading.frames[0].link_type == 113);
  CHECK(reading.frames[0].time == WallTime(5s + 999'999'999ns));
}

TEST_CASE("raw IP has one link type, whatever a system calls it") {
  for (const std::uint32_t link_type : {12U, 14U, 101U}) {
    Octets bytes = pcap_header({.link_type = link_type});
    add_frame(bytes, {0x45}, 1, 0);
    CHECK(read_bytes(bytes).frames.at(0).link_type == 101);
  }
}

TEST_CASE("a pcapng file, with times that no clock has") {
  Octets bytes = pcapng_header();
  add_packet_block(bytes, 1'000'000'001, {0x45});
  add_packet_block(bytes, 0xffffffffffffffff, {0x45, 0});
  const Reading reading = read_bytes(bytes);
  CHECK_FALSE(reading.error.has_value());
  REQUIRE(reading.frames.size() == 2);
  CHECK(reading.frames[0].time == WallTime(1s + 1ns));
  CHECK(reading.frames[0].link_type == 101);
  CHECK(reading.frames[1].bytes.size() == 2);
}

TEST_CASE("blocks that hold no packet are passed over, and a second section begins anew") {
  Octets bytes = pcapng_header();
  add_block(bytes, 5, {1, 2, 3, 4});  // interface statistics
  add_packet_block(bytes, 7, {1});
  const Octets again = pcapng_header();
  bytes.insert(bytes.end(), again.begin(), again.end());
  add_packet_block(bytes, 8, {2});
  add_block(bytes, 3, {4, 0, 0, 0, 9, 9, 9, 9});  // a simple packet: no time
  const Reading reading = read_bytes(bytes);
  CHECK_FALSE(reading.error.has_value());
  REQUIRE(reading.frames.size() == 3);
  CHECK(reading.frames[1].time == WallTime(8ns));
  CHECK(reading.frames[2].bytes == Octets{9, 9, 9, 9});
  CHECK(reading.frames[2].time == WallTime{});
}

TEST_CASE("a packet of an interface that nobody described breaks the file") {
  Octets bytes;
  add_block(bytes, 0x0a0d0d0a, {0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  add_packet_block(bytes, 1, {1});
  const Reading reading = read_bytes(bytes);
  CHECK(reading.frames.empty());
  REQUIRE(reading.error.has_value());
  CHECK(reading.error->message().ends_with("a packet of an interface that was not described"));
}

TEST_CASE("times out of range are bent, not overflowed") {
  Octets bytes = pcap_header();
  add_frame(bytes, {1}, 0xffffffff, 0xffffffff);
  CHECK(read_bytes(bytes).frames.size() == 1);
}

TEST_CASE("a broken file gives its frames up to the break, then the reason") {
  Octets bytes = pcap_header();
  add_frame(bytes, {1, 2, 3}, 1, 0);
  add_frame(bytes, {4, 5, 6}, 2, 0);
  bytes.resize(bytes.size() - 2);
  const MemoryFile file(bytes);
  const Reading reading = read_all(file.path());
  CHECK(reading.frames.size() == 1);
  REQUIRE(reading.error.has_value());
  CHECK(reading.error->is(Errc::malformed));
  CHECK(reading.error->message() == "read " + file.path() + ": it breaks off in the middle of a frame");
}

TEST_CASE("a frame that claims more than any frame has is malformed") {
  Octets bytes = pcap_header();
  for (const std::uint32_t word : {1U, 0U, 0x7fffffffU, 0x7fffffffU}) put32(bytes, word);
  const Reading reading = read_bytes(bytes);
  REQUIRE(reading.error.has_value());
  CHECK(reading.error->is(Errc::malformed));
}

TEST_CASE("a frame larger than the buffer is read whole") {
  Octets bytes = pcapng_header();
  const Octets large(1'500'000, 7);
  add_packet_block(bytes, 1, large);
  add_packet_block(bytes, 2, {1});
  const Reading reading = read_bytes(bytes);
  CHECK_FALSE(reading.error.has_value());
  REQUIRE(reading.frames.size() == 2);
  CHECK(reading.frames[0].bytes == large);
}

TEST_CASE("what is no capture says so") {
  for (const Octets& bytes : {Octets{}, Octets{1, 2, 3}, Octets(100, 'x')}) {
    const MemoryFile file(bytes);
    const Reading reading = read_all(file.path());
    REQUIRE(reading.error.has_value());
    CHECK(reading.error->is(Errc::malformed));
    CHECK(reading.error->message().starts_with("read " + file.path() + ": "));
  }
}

TEST_CASE("what is no file says what it is") {
  CHECK(read_all("/nonexistent").error->message() == "read /nonexistent: No such file or directory");
  CHECK(read_all("/proc").error->message() == "read /proc: Is a directory");
  CHECK(read_all("/dev/zero").error->message() == "read /dev/zero: is a device");
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
  CHECK(read_all("/proc/self/fd/" + std::to_string(out.get())).frames.size() == 1);
}

TEST_CASE("gzip is unpacked, and what is damaged gives what came before") {
  // printf 'abc' made by gzip -n
  const Octets packed{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b, 0x4c, 0x4a, 6, 0, 0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0};
  const auto unpacked = [](const Octets& bytes) -> Result<std::string> {
    const MemoryFile file(bytes);
    ByteSource source = ByteSource::open(file.path()).value();
    auto view = source.view(0, 10);
    return view ? Result<std::string>(std::string(view->begin(), view->end())) : std::unexpected(view.error());
  };
  CHECK(unpacked(packed).value() == "abc");
  Octets twice = packed;
  twice.insert(twice.end(), packed.begin(), packed.end());
  CHECK(unpacked(twice).value() == "abcabc");
  Octets short_of = packed;
  short_of.resize(short_of.size() - 6);
  CHECK(unpacked(short_of).error().message().ends_with("its gzip compression breaks off"));
  Octets damaged = packed;
  damaged[12] ^= 0xff;
  CHECK(unpacked(damaged).error().message().ends_with("its gzip compression is damaged"));
}
