// SPDX-License-Identifier: MIT
// What `listen` and `connect` have in common: how bytes move, what is reported, and where to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmd/byte_options.hpp"
#include "cmd/options.hpp"
#include "libtcp/stream/relay_options.hpp"

namespace tcp::cmd {

// Where JSON goes when standard output carries the payload.
constexpr int kStandardError = 2;

struct StreamOptions {
  AddressOptions addresses;
  OutputOptions output;
  ByteOptions bytes;
  bool recv_only = false;
  bool send_only = false;
  bool verbose = false;
  std::string idle_timeout;
  std::string json_fd_text;

  int json_fd = kStandardError;
  stream::RelayOptions relay;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();

 private:
  [[nodiscard]] Result<void> settle_json_fd();
};

// A port number or the name of a service.
[[nodiscard]] Result<std::uint16_t> settle_port(const std::string& word);

// A descriptor that is open now; "--ready-fd 7: is not open".
[[nodiscard]] Result<int> settle_descriptor(std::string_view option, const std::string& word);

// Standard descriptors that the caller closed lead to /dev/null from here on, so that no file or socket gets their
// numbers: reading gives the end, writing to standard output fails as it would have.
void fill_standard_descriptors();

// SIGINT, SIGTERM, SIGHUP
[[nodiscard]] std::vector<int> stop_signals();

}  // namespace tcp::cmd
