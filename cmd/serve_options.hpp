// SPDX-License-Identifier: MIT
// --serve: a service of our own that clients are joined with.
#pragma once

#include <optional>
#include <string>

#include "cmd/options.hpp"
#include "libtcp/stream/hub_options.hpp"
#include "libtcp/stream/proxy_server.hpp"
#include "libtcp/stream/serve_options.hpp"

namespace tcp::cmd {

struct ServeWords {
  // Once settled; nothing where no such service was asked for.
  std::optional<stream::HubKind> hub;           // that all clients are in
  std::optional<stream::ServeOptions> service;  // that each client has for itself
  std::optional<stream::ProxyServerKind> proxy;

  void define(CLI::App& app);
  // Errors: no such service, or its argument is off or missing.
  [[nodiscard]] Result<void> settle();
  // Its clients come more than once by the nature of its protocol.
  [[nodiscard]] bool implies_keep_open() const noexcept { return implies_keep_open_; }
  // What is said to clients is a stream of bytes from one end to the other: what --rate or --hexdump is about.
  [[nodiscard]] bool is_relayed() const noexcept { return is_relayed_; }

 private:
  [[nodiscard]] Result<void> settle_http();

  std::string word_;
  bool http_listing_ = false;
  std::string http_timeout_;
  bool implies_keep_open_ = false;
  bool is_relayed_ = false;
};

}  // namespace tcp::cmd
