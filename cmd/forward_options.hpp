// SPDX-License-Identifier: MIT
// --forward and what belongs to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/tls_options.hpp"
#include "libtcp/stream/forward_options.hpp"

namespace tcp::cmd {

class ForwardWords {
 public:
  void define(CLI::App& app);
  // Nothing when there is nothing to forward to. `dial`: what all targets have in common.
  [[nodiscard]] Result<std::optional<stream::ForwardOptions>> settle(const stream::DialOptions& dial);
  // There is a target that is believed whoever it is.
  [[nodiscard]] bool has_unchecked_target() const { return tls_.settled() && tls_.settled()->insecure; }

 private:
  [[nodiscard]] Result<stream::DialOptions> settle_target(const std::string& word, stream::DialOptions dial) const;

  std::vector<std::string> targets_;
  std::string balance_;
  std::string send_proxy_;
  bool transparent_ = false;
  TlsConnectOptions tls_{{"--forward-tls", "a --forward tls:HOST:PORT", "TLS to targets", false}};
};

}  // namespace tcp::cmd
