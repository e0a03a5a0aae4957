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
  bool has_tls;  // by certificates
};

// --code and --code-file: what both sides say to each other.
struct CodeWords {
  std::optional<std::string> words;  // as typed; empty: one is to be made
  std::optional<std::string> file;   // its first line holds the words

  void define(CLI::App& app, bool makes);
  // `missing`: the option that it needs, when that was not given.
  [[nodiscard]] Result<void> settle(std::string_view missing, const TransferRivals& rivals);
  [[nodiscard]] bool is_used() const noexcept { return words || file; }
  [[nodiscard]] bool is_made() const noexcept { return made_; }
  // What TLS is to use. Takes its time. Errors: the file.
  [[nodiscard]] Result<stream::Sha256> load();
  // Once loaded.
  [[nodiscard]] const std::string& code() const noexcept { return code_; }

 private:
  // `origin`: an option, or the name of a file.
  [[nodiscard]] Result<void> take(const std::string& text, const std::string& origin);

  bool made_ = false;
  std::string code_;
};

struct SendWords {
  std::vector<std::string> paths;

  CodeWords code;
  std::optional<stream::SendOptions> send;  // once settled; nothing when there is none

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle(const TransferRivals& rivals);
};

struct ReceiveWords {
  std::optional<std::string> directory;
  bool overwrite = false;
  bool sync = false;

  CodeWords code;
  std::optional<stream::ReceiveOptions> receive;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle(const TransferRivals& rivals);
};

}  // namespace tcp::cmd
