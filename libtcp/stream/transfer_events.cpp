// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_events.hpp"

namespace tcp::stream {

std::string_view to_string(TransferOutcome outcome) {
  switch (outcome) {
    case TransferOutcome::stored: return "stored";
    case TransferOutcome::unchanged: return "unchanged";
    case TransferOutcome::skipped: return "skipped";
    case TransferOutcome::refused: return "refused";
    case TransferOutcome::failed: return "failed";
  }
  return "unknown";
}

void TransferTotals::count(TransferOutcome outcome) {
  switch (outcome) {
    case TransferOutcome::stored: ++stored; break;
    case TransferOutcome::unchanged: ++unchanged; break;
    case TransferOutcome::skipped: ++skipped; break;
    case TransferOutcome::refused: ++refused; break;
    case TransferOutcome::failed: ++failed; break;
  }
}

}  // namespace tcp::stream
