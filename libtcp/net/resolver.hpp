// SPDX-License-Identifier: MIT
// Names to addresses and back, through the system's resolver.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::net {

struct ResolveOptions {
  std::optional<Family> family = {};  // only this one
  bool numeric_only = false;          // refuse names: nothing is asked of the network
  // A name of the hosts file has no other addresses than there: all of them are given, and the network is not asked for
  // those of a family that the file has not got.
  bool whole_if_local = false;
};

// All addresses in the order of RFC 6724 (getaddrinfo), each once. Errors: resolve_failed with the resolver's words.
// Blocks for as long as the system's resolver does.
[[nodiscard]] Result<std::vector<IpAddress>> resolve(const std::string& host, const ResolveOptions& options = {});

// The name of an address (PTR), or nothing. Blocks likewise.
[[nodiscard]] std::optional<std::string> reverse_resolve(const IpAddress& address);

}  // namespace tcp::net
