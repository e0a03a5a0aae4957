// SPDX-License-Identifier: MIT
// How far a pair's client has come in saying where it wants to go.
#pragma once

#include <cstdint>
#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/proxy_server.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

struct PairGreeting {
  enum class Stage : std::uint8_t {
    request,   // is read
    lookup,    // of the target's name
    dial,      // the target
    farewell,  // it was refused, and is given time to read that
    beyond,    // more than a tunnel was asked for
  };
  std::unique_ptr<ProxyServerDialogue> dialogue;
  MonotonicTime deadline;
  Stage stage = Stage::request;
  std::size_t drained = 0;  // bytes, in the farewell
  CloseReason reason = CloseReason::refused;
  std::optional<Error> error;
};

}  // namespace tcp::stream
