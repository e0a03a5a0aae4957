// SPDX-License-Identifier: MIT
// One question about sockets, answered row by row: the dump, the filter, who holds each socket and its cgroup.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "libtcp/sockets/filter.hpp"
#include "libtcp/sockets/holders.hpp"
#include "libtcp/sockets/rates.hpp"
#include "libtcp/sockets/socket_dump.hpp"

namespace tcp::sockets {

struct Query {
  StateSet states = 0;
  std::optional<Family> family;
  bool mptcp = false;
  DetailSet details = 0;  // beside what the filter needs
  Filter filter;
  bool holders = false;  // also when the filter does not need them
  bool cgroups = false;  // of the socket and of its holders
  HolderOptions holder_options;
  RateKeeper* rates = nullptr;         // meets every socket that is told; its look has begun
  std::string_view network_namespace;  // the name of the one that the process is in, for the rows
};

struct QueryOutcome {
  DumpOutcome dump;
  std::uint64_t selected = 0;
  HolderCounts holders;
  std::uint64_t unknown_holders = 0;  // selected sockets with an inode that nobody who may be seen holds
};

// False ends the query. The row and what it refers to are good for the call only.
using RowHandler = std::function<bool(const SocketRow& row)>;

// Memory does not grow with the number of sockets, but with the number of descriptors when holders are asked for.
// Errors: the kernel's.
[[nodiscard]] Result<QueryOutcome> query_sockets(const Query& query, const RowHandler& handler);

}  // namespace tcp::sockets
