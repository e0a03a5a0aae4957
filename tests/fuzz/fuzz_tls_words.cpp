// SPDX-License-Identifier: MIT
// Pins, versions and protocols: what is accepted is written back the same, and fits where it goes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libtcp/stream/tls_words.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tcp::stream;
using tcp::fuzz::require;

void check_pin(std::string_view text) {
  const auto pin = parse_tls_pin(text);
  if (!pin) return require(pin.error().is(tcp::Errc::invalid_input) && !pin.error().message().empty());
  require(parse_tls_pin(pin_to_string(*pin)) == *pin);
}

void check_alpn(std::string_view text) {
  const auto protocols = parse_alpn(text);
  if (!protocols) return;
  const std::string wire = alpn_to_wire(*protocols);
  std::size_t at = 0;
  for (const std::string& name : *protocols) {
    require(!name.empty() && static_cast<unsigned char>(wire[at]) == name.size());
    at += 1 + name.size();
  }
  require(at == wire.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_pin(text);
  check_alpn(text);
  const auto version = parse_tls_version(text);
  require(!version || text.size() == 3);
  return 0;
}
