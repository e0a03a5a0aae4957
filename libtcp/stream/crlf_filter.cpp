// SPDX-License-Identifier: MIT
#include "libtcp/stream/crlf_filter.hpp"

#include <algorithm>

namespace tcp::stream {
namespace {

constexpr std::byte kCr{'\r'};
constexpr std::byte kLf{'\n'};

}  // namespace

void CrlfFilter::apply(std::span<const std::byte> bytes, std::vector<std::byte>& out) {
  while (!bytes.empty()) {
    const auto lf = std::ranges::find(bytes, kLf);
    out.insert(out.end(), bytes.begin(), lf);
    if (lf != bytes.begin()) after_cr_ = *(lf - 1) == kCr;
    if (lf == bytes.end()) return;
    if (!after_cr_) out.push_back(kCr);
    out.push_back(kLf);
    after_cr_ = false;
    bytes = bytes.subspan(static_cast<std::size_t>(lf - bytes.begin()) + 1);
  }
}

}  // namespace tcp::stream
