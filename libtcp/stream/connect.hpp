// SPDX-License-Identifier: MIT
// The engine of `connect`: dials and joins the connection with the local end.
#pragma once

#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/exec_options.hpp"
#include "libtcp/stream/local_descriptors.hpp"
#include "libtcp/stream/relay_options.hpp"
#include "libtcp/stream/retry.hpp"
#include "libtcp/stream/script.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/transfer_options.hpp"

namespace tcp::stream {

struct ConnectOptions {
  DialOptions dial;
  RetryOptions retry;
  bool zero = false;    // connect and report; the local end is not touched
  bool telnet = false;  // the peer speaks TELNET; every option is refused
  RelayOptions relay;
  LocalDescriptors local;
  std::optional<ScriptOptions> script;  // before the local end has its turn
  std::optional<ExecOptions> exec;      // instead of the local end, and of a script
  std::optional<SendOptions> send;      // likewise; a connection that breaks is made again as often as `retry` says
  std::vector<int> stop_signals;        // handled while it runs; those that the process ignores stay ignored
};

struct ConnectOutcome {
  std::optional<Closed> closed;  // absent when a signal came before the connection
  int signal = 0;                // the one that stopped it
};

// Blocks until the conversation is over. Errors: what kept it from connecting (see dial()).
[[nodiscard]] Result<ConnectOutcome> run_connect(const ConnectOptions& options, SessionObserver& observer,
                                                 const Clock& clock);

}  // namespace tcp::stream
