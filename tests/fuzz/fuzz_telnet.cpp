// SPDX-License-Identifier: MIT
// TELNET: pieces change nothing, answers are refusals only and few, and what is encoded comes back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/stream/telnet.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using tcp::fuzz::require;
using Bytes = std::vector<std::byte>;

struct Heard {
  Bytes payload;
  Bytes answers;
  bool operator==(const Heard&) const = default;
};

Heard hear(std::span<const std::byte> bytes, std::size_t at_a_time) {
  tcp::stream::TelnetDecoder decoder;
  Heard heard;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(at_a_time, bytes.size()));
    Bytes memory(piece.begin(), piece.end());
    const std::size_t size = decoder.decode(memory, heard.answers);
    require(size <= memory.size());
    heard.payload.insert(heard.payload.end(), memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(piece.size());
  }
  return heard;
}

void check_answers(const Bytes& answers) {
  require(answers.size() % 3 == 0 && answers.size() <= 24576);
  for (std::size_t at = 0; at < answers.size(); at += 3) {
    require(answers[at] == std::byte{255});
    require(answers[at + 1] == std::byte{252} || answers[at + 1] == std::byte{254});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const Heard whole = hear(bytes, std::max<std::size_t>(size, 1));
  require(hear(bytes, 1) == whole);
  require(hear(bytes, 3) == whole);
  check_answers(whole.answers);

  tcp::stream::TelnetEncoder encoder;
  Bytes sent;
  encoder.encode(bytes.first(size / 2), sent);
  encoder.encode(bytes.subspan(size / 2), sent);
  encoder.finish(sent);
  const Heard back = hear(sent, 5);
  require(std::ranges::equal(back.payload, bytes));
  require(back.answers.empty());
  return 0;
}
