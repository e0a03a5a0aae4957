// SPDX-License-Identifier: MIT
// A capture file of any content, gzip or not: read to its end or its break, through decoder and tracker.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/trace/frame_reader.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tcp;
using fuzz::require;

UniqueFd make_file(const std::uint8_t* data, std::size_t size) {
  UniqueFd fd(::memfd_create("capture", MFD_CLOEXEC));
  require(fd && ::write(fd.get(), data, size) == static_cast<ssize_t>(size));
  return fd;
}

struct Silent final : trace::HandshakeObserver {
  void on_handshake(const trace::ObservedHandshake&) override {}
};

// Touches every byte, so that a length that lies is seen.
std::uint32_t sum_of(const packet::SavefileFrame& frame) {
  std::uint32_t sum = frame.original_length;
  for (const std::uint8_t byte : frame.bytes) sum += byte;
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] static volatile std::uint32_t sink;
  const UniqueFd file = make_file(data, size);
  auto source = net::ByteSource::open("/proc/self/fd/" + std::to_string(file.get()));
  if (!source) return 0;
  Silent silent;
  trace::HandshakeTracker tracker({100, 1}, silent);
  trace::FrameReader reader(tracker);
  std::size_t frames = 0;
  (void)trace::read_savefile(*source, [&](const packet::SavefileFrame& frame) {
    require(frame.original_length >= frame.bytes.size());
    sink = sum_of(frame);
    reader.on_frame(frame.bytes, frame.link_type, frame.time);
    return ++frames < 10'000;  // gzip can make many out of little
  });
  reader.flush();
  tracker.finish();
  require(tracker.size() == 0);
  return 0;
}
