// SPDX-License-Identifier: MIT
// A TLS session as a record and as lines of text.
#pragma once

#include <string>
#include <vector>

#include "cmd/output/record.hpp"
#include "libtcp/stream/tls_session.hpp"

namespace tcp::cmd {

[[nodiscard]] Record to_record(const stream::TlsSession& session);

[[nodiscard]] std::vector<std::string> describe(const stream::TlsSession& session);

}  // namespace tcp::cmd
