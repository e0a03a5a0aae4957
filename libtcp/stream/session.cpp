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
    case CloseReason::refused: return "refused";
    case CloseReason::incomplete: return "incomplete";
    case CloseReason::reset_on_purpose: return "reset_on_purpose";
    case CloseReason::expectation_failed: return "expectation_failed";
    case CloseReason::transfer_failed: return "transfer_failed";
  }
  return "unknown";
}

std::string_view to_string(RejectReason reason) {
  switch (reason) {
    case RejectReason::denied: return "denied";
    case RejectReason::full: return "full";
    case RejectReason::too_many_from_host: return "too_many_from_host";
    case RejectReason::untrusted: return "untrusted";
  }
  return "unknown";
}

}  // namespace tcp::stream
