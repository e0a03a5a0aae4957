// SPDX-License-Identifier: MIT
// A filter expression: what is accepted is written and read again as the same, the kernel takes its bytecode, and no
// socket that matches is kept back by the kernel. The first byte chooses the sockets.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/sockets/filter.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/diag_machine.hpp"
#include "tests/support/random_filter.hpp"

namespace {

using namespace tcp;
using namespace tcp::sockets;
using tcp::fuzz::require;

// Nobody is asked: the network, the user database and the file system stay out of it.
FilterNames quiet_names() {
  FilterNames names;
  names.addresses = [](const std::string& host) -> Result<std::vector<IpAddress>> {
    std::vector<IpAddress> addresses(host.size() % 3, IpAddress::v4(0x0a010203));
    if (host.size() % 2 == 0) addresses.push_back(IpAddress::loopback(Family::v6));
    return addresses;
  };
  names.port = [](std::string_view name) { return std::optional(static_cast<std::uint16_t>(name.size() * 22)); };
  names.user_id = [](const std::string& name) { return std::optional(static_cast<std::uint32_t>(name.size())); };
  names.interface_index = [](const std::string& name) -> std::optional<std::uint32_t> {
    return name == "lo" ? std::optional(1U) : std::nullopt;
  };
  names.cgroup_id = [](const std::string& path) { return std::optional<std::uint64_t>(77 + path.size() % 2); };
  names.sees_marks = true;
  return names;
}

void check_sockets(const Filter& filter, std::uint32_t seed) {
  const std::vector<std::uint8_t> bytecode = filter.bytecode();
  require(bytecode.empty() || test::kernel_takes(bytecode));
  const bool decides_all = filter.kernel_decides_all();
  const bool is_known = !filter.to_string().contains("not autobound");  // on a row alone
  const StateSet states = filter.states();
  test::Random random(seed);
  for (int i = 0; i < 16; ++i) {
    const SocketInfo socket = test::random_socket(random);
    const SocketRow row{&socket, {}, {}, {}, {}};
    // A locked port is in no ephemeral range here, so that "autobound" is known of every socket.
    const bool is_locked = socket.local.port < 32768 || socket.local.port > 60999;
    const bool passes = (states & state_bit(socket.state)) != 0 && test::selects(bytecode, socket, is_locked);
    const bool matches = filter.matches(row);
    require(!matches || passes || !is_known);
    require(!decides_all || !passes || matches);
    require(!matches || filter.may_match(row));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const FilterNames names = quiet_names();
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto filter = Filter::parse(text, names);
  if (!filter) {
    require(!filter.error().message().empty());
    return 0;
  }
  check_sockets(*filter, data[0]);
  const Filter::Explanation explanation = filter->explain();
  // "dport = *" is decided by nobody: it selects all.
  require(filter->kernel_decides_all() || !explanation.kernel.empty() || !explanation.here.empty());
  const std::string said = filter->to_string();
  if (said.size() > Filter::kMostBytes) return 0;
  const auto again = Filter::parse(said, names);
  require(again && again->to_string() == said && again->bytecode() == filter->bytecode() &&
          again->states() == filter->states());
  return 0;
}
