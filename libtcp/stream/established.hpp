// SPDX-License-Identifier: MIT
// A connection that is ready for its first byte of payload.
#pragma once

#include <memory>

#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/visit.hpp"

namespace tcp::stream {

struct Established {
  std::unique_ptr<Channel> channel;
  Connected connected;  // what is known of the way here; no id yet
  Visit visit;          // of one who came to us
};

}  // namespace tcp::stream
