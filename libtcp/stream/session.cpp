// SPDX-License-Identifier: MIT
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::finished: return "finished";
    case CloseReason::idle: return "idle";
    case CloseReason::interrupted: return "interrupted";
    case CloseReason::connection_failed: return "connection_failed";
    case CloseReason::input_failed: return "input_failed";
    case CloseReason::output_failed: return "output_failed";
    case CloseReason::target_failed: return "target_failed";
    case CloseReason::program_failed: return "program_failed";
    case CloseReason::incomplete: return "incomplete";
  }
  return "unknown";
}

}  // namespace tcp::stream
