// SPDX-License-Identifier: MIT
// The option bytes of one segment.
#include <algorithm>
#include <vector>

#include "libtcp/packet/notation.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp::packet;
using tcp::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  ParseError error{};
  const TcpOptions options = parse_tcp_options(bytes, error);

  // What was understood is written back byte for byte; nothing is invented, nothing is lost.
  std::vector<std::uint8_t> buffer(size);
  Writer writer(buffer);
  require(serialize(writer, options));
  require(std::ranges::equal(writer.written(), bytes.first(writer.size())));

  ParseError again_error{};
  const TcpOptions again = parse_tcp_options(writer.written(), again_error);
  require(again == options && again_error == ParseError::none);
  require(notation(options).empty() == options.empty());
  return 0;
}
