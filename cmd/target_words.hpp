// SPDX-License-Identifier: MIT
// What to connect to, as typed: HOST:PORT, [V6]:PORT, unix:/path, unix:@abstract.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/ports/port_set.hpp"
#include "libtcp/stream/target.hpp"

namespace tcp::cmd {

struct TargetWords {
  stream::Target target;  // a host with the lowest of its ports
  ports::PortSet ports;   // none for a Unix-domain socket
};

// What follows "unix:", or nothing when the word is no such name. Errors: parse_unix_name()'s.
[[nodiscard]] Result<std::optional<stream::UnixName>> settle_unix_name(std::string_view word);

// One word or two (HOST PORT). A port may be a list: "22,80,8000-8010".
[[nodiscard]] Result<TargetWords> settle_targets(const std::vector<std::string>& words);

// One target, of one port.
[[nodiscard]] Result<stream::Target> settle_target(const std::string& word);

}  // namespace tcp::cmd
