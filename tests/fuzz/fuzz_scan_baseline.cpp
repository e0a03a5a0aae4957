// SPDX-License-Identifier: MIT
// The JSON of an earlier scan: whatever it is, it is taken or refused with a message, and compares with anything.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include "cmd/scan_baseline.hpp"

using namespace tcp;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream stream(std::string(reinterpret_cast<const char*>(data), size));
  const auto baseline = cmd::ScanBaseline::read(stream, "file");
  if (!baseline) {
    if (!baseline.error().is(Errc::invalid_input) || baseline.error().message().empty()) std::abort();
    return 0;
  }
  scan::PortResult result;
  result.target = {IpAddress::v4(0x0a000001), 22};
  result.state = scan::PortState::open;
  const auto change = baseline->compare(result);
  if (change && change->now != result.state) std::abort();
  return 0;
}
