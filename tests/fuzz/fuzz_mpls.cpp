// SPDX-License-Identifier: MIT
// The objects behind an ICMP error.
#include "libtcp/packet/mpls.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto labels = tcp::packet::parse_mpls_labels({data, size});
  tcp::fuzz::require(labels.size() <= tcp::packet::kMostMplsLabels);
  tcp::fuzz::require(labels.size() * 4 <= size);
  for (const auto& label : labels) tcp::fuzz::require(label.label < 1U << 20 && label.traffic_class < 8);
  return 0;
}
