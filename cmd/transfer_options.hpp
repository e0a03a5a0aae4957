// SPDX-License-Identifier: MIT
// Files instead of standard input and output: --send-file of `connect`, --receive of `listen`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/options.hpp"
#include "libtcp/stream/tls_options.hpp"
#include "libtcp/stream/transfer_options.hpp"

namespace tcp::cmd {

struct StreamOptions;

// What excludes a transfer, by the name of its option; empty: nothing of it was given.
struct TransferRivals {
  std::string_view joined;  // something else that the peer is joined with
  const StreamOptions& common;
};

struct SendWords {
  std::vector<std::string> paths;

  std::optional<stream::SendOptions> send;  // once settled; nothing when there is none

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle(const TransferRivals& rivals);
};

struct ReceiveWords {
  std::optional<std::string> directory;
  bool overwrite = false;
  bool sync = false;

  std::optional<stream::ReceiveOptions> receive;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle(const TransferRivals& rivals);
};

}  // namespace tcp::cmd
