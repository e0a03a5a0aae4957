// SPDX-License-Identifier: MIT
// How bytes move, for `listen` and `connect`: what is changed, limited, shown and kept of them on their way.
#pragma once

#include <string>
#include <string_view>

#include "cmd/command.hpp"
#include "libtcp/stream/relay_options.hpp"

namespace tcp::cmd {

struct ByteOptions {
  bool crlf = false;
  bool half_open = false;
  bool progress = false;
  bool hexdump = false;
  std::string delay;
  std::string quit_after;
  std::string until_bytes;
  std::string rate;
  std::string record;

  void define(CLI::App& app);
  // `json_on_stderr`: nothing else may be written there. relay.direction is settled before. Errors: words that are off,
  // or at odds with each other.
  [[nodiscard]] Result<void> settle(stream::RelayOptions& relay, bool json_on_stderr) const;
  // The first option that was given; empty: none.
  [[nodiscard]] std::string_view first_given() const;

 private:
  [[nodiscard]] Result<void> settle_amounts(stream::RelayOptions& relay) const;
  [[nodiscard]] Result<void> settle_display(bool json_on_stderr) const;
};

}  // namespace tcp::cmd
