// SPDX-License-Identifier: MIT
// LF becomes CR LF. A CR LF stays as it is, also when its two bytes come apart.
#pragma once

#include "libtcp/stream/filter.hpp"

namespace tcp::stream {

class CrlfFilter final : public Filter {
 public:
  void apply(std::span<const std::byte> bytes, std::vector<std::byte>& out) override;

 private:
  bool after_cr_ = false;
};

}  // namespace tcp::stream
