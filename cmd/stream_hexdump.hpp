// SPDX-License-Identifier: MIT
// --hexdump: what passes, on standard error.
#pragma once

#include "cmd/output/output.hpp"
#include "libtcp/stream/tap.hpp"

namespace tcp::cmd {

class HexdumpDisplay final : public stream::TapSource {
 public:
  explicit HexdumpDisplay(Output& out) : out_(out) {}
  [[nodiscard]] std::unique_ptr<stream::Tap> open(const stream::TapContext& context) override;

  // Whose bytes follow is said whenever that changes.
  void show(const stream::TapContext& whose, std::string_view lines);

 private:
  Output& out_;
  std::uint64_t last_id_ = 0;
};

}  // namespace tcp::cmd
