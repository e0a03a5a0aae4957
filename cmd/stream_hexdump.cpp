// SPDX-License-Identifier: MIT
#include "cmd/stream_hexdump.hpp"

#include <array>

#include "libtcp/base/sanitize.hpp"
#include "libtcp/stream/hexdump.hpp"

namespace tcp::cmd {
namespace {

class HexdumpTap final : public stream::Tap {
 public:
  HexdumpTap(HexdumpDisplay& display, const stream::TapContext& context) : display_(display), context_(context) {}

  void on_bytes(stream::Way way, std::span<const std::byte> bytes) override {
    std::uint64_t& offset = offsets_[way == stream::Way::sent ? 0 : 1];
    std::string lines;
    stream::append_hexdump(lines, stream::mark_of(way), offset, bytes);
    display_.show(context_, lines);
    offset += bytes.size();
  }

 private:
  HexdumpDisplay& display_;
  stream::TapContext context_;
  std::array<std::uint64_t, 2> offsets_{};  // sent, received
};

}  // namespace

std::unique_ptr<stream::Tap> HexdumpDisplay::open(const stream::TapContext& context) {
  return std::make_unique<HexdumpTap>(*this, context);
}

void HexdumpDisplay::show(const stream::TapContext& whose, std::string_view lines) {
  if (std::exchange(last_id_, whose.id) != whose.id) {
    out_.line("= " + sanitize(to_string(whose.addresses.remote)));
  }
  out_.write(lines);
  out_.flush();
}

}  // namespace tcp::cmd
