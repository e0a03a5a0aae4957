// SPDX-License-Identifier: MIT
// A PROXY protocol header: it is found the same however much follows, no shorter beginning of it is one, and what it
// says survives being written in both versions.
#include <cstddef>
#include <cstdint>
#include <span>

#include "libtcp/stream/proxy_protocol.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp::stream;
using tcp::fuzz::require;

namespace {

void check_written(const AddressPair& addresses) {
  for (const ProxyVersion version : {ProxyVersion::v1, ProxyVersion::v2}) {
    const auto written = serialize_proxy_header(version, addresses);
    require(version == ProxyVersion::v2 || written.size() <= kLongestProxyLine);
    const auto again = parse_proxy_header(written);
    require(again && *again && (*again)->size == written.size() && (*again)->version == version);
    const auto& learnt = (*again)->addresses;
    require(!learnt || (learnt->remote == addresses.remote && learnt->local == addresses.local));
    const bool has_words = version == ProxyVersion::v2 || std::holds_alternative<tcp::Endpoint>(addresses.remote);
    require(learnt.has_value() == has_words);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  const auto parsed = parse_proxy_header(bytes);
  if (!parsed) {
    require(parsed.error().is(tcp::Errc::malformed) && !parsed.error().detail.empty());
    return 0;
  }
  if (!*parsed) {
    require(size < kLongestProxyHeader);
    return 0;
  }
  const std::size_t length = (*parsed)->size;
  require(length > 0 && length <= size && length <= kLongestProxyHeader);
  const auto alone = parse_proxy_header(bytes.first(length));
  require(alone && *alone && (*alone)->size == length);
  const auto shorter = parse_proxy_header(bytes.first(length - 1));
  require(shorter && !*shorter);
  if ((*parsed)->addresses) check_written(*(*parsed)->addresses);
  return 0;
}
