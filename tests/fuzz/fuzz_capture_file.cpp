// SPDX-License-Identifier: MIT
// A savefile of any content: opened, and read to its end or its break.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/capture.hpp"

namespace {

using namespace tcp;
using namespace tcp::net;

UniqueFd make_file(const std::uint8_t* data, std::size_t size) {
  UniqueFd fd(::memfd_create("capture", MFD_CLOEXEC));
  if (!fd || ::write(fd.get(), data, size) != static_cast<ssize_t>(size)) std::abort();
  return fd;
}

// Touches every byte, so that a length that lies is seen.
std::uint32_t sum_of(const CapturedFrame& frame) {
  std::uint32_t sum = frame.original_length;
  for (const std::uint8_t byte : frame.bytes) sum += byte;
  return sum;
}

void read_all(Capture& capture) {
  [[maybe_unused]] static volatile std::uint32_t sink;
  while (true) {
    const auto frame = capture.next();
    if (!frame || !*frame) break;
    if ((*frame)->original_length < (*frame)->bytes.size()) std::abort();
    sink = sum_of(**frame) + static_cast<std::uint32_t>(capture.link_type());
  }
  const auto after = capture.next();
  if (!after || *after) std::abort();  // the end stays the end
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const UniqueFd file = make_file(data, size);
  auto capture = Capture::open_file("/proc/self/fd/" + std::to_string(file.get()));
  if (capture) read_all(*capture);
  return 0;
}
