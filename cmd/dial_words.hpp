// SPDX-License-Identifier: MIT
// How `connect` gets there: how long, how often, from where.
#pragma once

#include <string>

#include "cmd/command.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/retry.hpp"

namespace tcp::cmd {

class DialWords {
 public:
  void define(CLI::App& app);
  // Everything of a dial but the target, the family and the options of the group "Socket options".
  [[nodiscard]] Result<void> settle();
  // Something that only an IP socket has was asked for: its option, or empty.
  [[nodiscard]] std::string_view needs_ip() const noexcept;

  stream::DialOptions dial;
  stream::RetryOptions retry;

 private:
  [[nodiscard]] Result<void> settle_retry();
  [[nodiscard]] Result<void> settle_source();

  std::string timeout_;
  std::string retry_;
  std::string retry_delay_;
  std::string wait_;
  std::string source_;
  std::string source_port_;
  std::string interface_;
};

}  // namespace tcp::cmd
