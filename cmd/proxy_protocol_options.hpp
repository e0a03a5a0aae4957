// SPDX-License-Identifier: MIT
// --proxy-protocol and what belongs to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "libtcp/stream/proxy_protocol_options.hpp"

namespace tcp::cmd {

class ProxyProtocolWords {
 public:
  void define(CLI::App& app);
  // Nothing when connections begin with their payload. Errors: nobody whose word would count, a broken list.
  [[nodiscard]] Result<std::optional<stream::ProxyProtocolOptions>> settle() const;

 private:
  bool wanted_ = false;
  std::vector<std::string> from_;
  std::string timeout_;
};

}  // namespace tcp::cmd
