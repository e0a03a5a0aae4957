// SPDX-License-Identifier: MIT
#include "libtcp/stream/line_pacer.hpp"

#include <algorithm>

namespace tcp::stream {
namespace {

constexpr std::byte kLf{'\n'};

}  // namespace

std::span<const std::byte> LinePacer::piece(std::span<const std::byte> bytes) {
  const auto lf = std::ranges::find(bytes, kLf);
  return lf == bytes.end() ? bytes : bytes.first(static_cast<std::size_t>(lf - bytes.begin()) + 1);
}

void LinePacer::sent(std::span<const std::byte> bytes, MonotonicTime now) {
  if (!bytes.empty() && bytes.back() == kLf) ready_at_ = now + pause_;
}

}  // namespace tcp::stream
