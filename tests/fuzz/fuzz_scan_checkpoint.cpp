// SPDX-License-Identifier: MIT
// Checkpoint files: whatever is accepted agrees with itself and survives being written again. The checksum is put right
// first, so that what lies behind it is reached.
#include <algorithm>
#include <vector>

#include "libtcp/scan/checkpoint.hpp"
#include "libtcp/scan/cookie.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp;
using namespace tcp::scan;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)parse_checkpoint({data, size});
  if (size < 8) return 0;
  std::vector<std::uint8_t> bytes(data, data + size);
  const std::uint64_t checksum = checkpoint_checksum(std::span(bytes).first(size - 8));
  for (unsigned i = 0; i < 8; ++i) bytes[size - 8 + i] = static_cast<std::uint8_t>(checksum >> (8 * i));
  const auto checkpoint = parse_checkpoint(bytes);
  if (!checkpoint) return 0;
  const auto again = parse_checkpoint(serialize(*checkpoint));
  fuzz::require(again.has_value() && *again == *checkpoint);
  return 0;
}
