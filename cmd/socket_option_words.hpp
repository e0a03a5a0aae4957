// SPDX-License-Identifier: MIT
// Socket options as words of `listen` and `connect`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cmd/command.hpp"
#include "libtcp/stream/socket_options.hpp"

namespace tcp::cmd {

class SocketOptionWords {
 public:
  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
  // Reads the file of --md5: not before the run.
  [[nodiscard]] Result<void> load();

  stream::SocketOptions options;

  // Is this one asked for?
  [[nodiscard]] bool has(std::string_view name) const;

 private:
  std::map<std::string_view, std::optional<std::string>> words_;  // typed values by the option's name
  std::map<std::string_view, bool> flags_;
  std::string md5_file_;
};

}  // namespace tcp::cmd
