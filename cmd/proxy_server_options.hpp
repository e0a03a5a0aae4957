// SPDX-License-Identifier: MIT
// --serve http-proxy and --serve socks: who may use them, and to go where.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/options.hpp"
#include "libtcp/stream/proxy_server_options.hpp"

namespace tcp::cmd {

class ProxyServerWords {
 public:
  void define(CLI::App& app);
  // `kind`: as --serve has it; nothing: it is no proxy, and none of these options has a use. `dial`: how targets are
  // reached.
  [[nodiscard]] Result<void> settle(std::optional<stream::ProxyServerKind> kind, const stream::DialOptions& dial);
  // Reads the credentials. Errors: the file's, and what it holds.
  [[nodiscard]] Result<void> load(stream::ProxyServerOptions& options) const;

  [[nodiscard]] const std::optional<stream::ProxyServerOptions>& settled() const noexcept { return options_; }

 private:
  [[nodiscard]] std::string_view first_given() const;

  std::string auth_;
  std::string auth_file_;
  std::string request_timeout_;
  stream::AccessRules targets_;
  std::optional<stream::ProxyServerOptions> options_;
};

}  // namespace tcp::cmd
