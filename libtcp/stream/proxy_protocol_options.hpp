// SPDX-License-Identifier: MIT
// Whose word counts about whose connection it is.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/access_list.hpp"

namespace tcp::stream {

struct ProxyProtocolOptions {
  std::vector<std::string> from;                // trusted peers, as AccessRules::allow takes them; nobody without any
  bool from_unix = false;                       // also whoever comes over a Unix-domain socket
  Duration timeout = std::chrono::seconds(10);  // for the whole header

  [[nodiscard]] AccessRules rules() const { return {from, {}}; }
};

}  // namespace tcp::stream
