// SPDX-License-Identifier: MIT
// What the running kernel says of one Multipath TCP connection (RFC 8684): struct mptcp_info (linux/mptcp.h), of
// whatever length this kernel has it. Read by a table of its own, as struct tcp_info is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "libtcp/sockets/tcp_info.hpp"

namespace tcp::sockets {

// In the kernel's order, the newest last; names without mptcpi_: "subflows", "token".
[[nodiscard]] std::span<const TcpInfoField> mptcp_info_fields();

class MptcpInfo : public GrowingStruct<192> {
 public:
  using GrowingStruct::get;
  [[nodiscard]] std::optional<std::uint64_t> get(std::string_view name) const;
};

}  // namespace tcp::sockets
