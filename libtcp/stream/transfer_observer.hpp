// SPDX-License-Identifier: MIT
// Counts what becomes of a transfer's entries and tells the observer.
#pragma once

#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/conversation.hpp"
#include "libtcp/stream/transfer_events.hpp"
#include "libtcp/stream/transfer_wire.hpp"

namespace tcp::stream {

class TransferTally {
 public:
  // The references must outlive it.
  TransferTally(SessionObserver& observer, const Clock& clock, bool is_sender, Duration progress_interval);

  void join(Conversation& conversation) { conversation_ = &conversation; }
  void leave() { conversation_ = nullptr; }
  void plan(std::uint64_t entries, std::uint64_t bytes);
  void conclude(Transferred event);
  // Bytes of files over the connection.
  void move(std::uint64_t bytes);
  // Bytes that were there already, for the progress alone.
  void advance(std::uint64_t bytes);
  // The last event.
  void finish(bool complete);
  [[nodiscard]] const TransferTotals& totals() const noexcept { return totals_; }

 private:
  void show();

  SessionObserver& observer_;
  const Clock& clock_;
  Conversation* conversation_ = nullptr;
  Duration interval_;
  MonotonicTime started_;
  MonotonicTime shown_;
  std::uint64_t done_bytes_ = 0;
  TransferTotals totals_;
};

// Closes a conversation in the way its transfer ended.
void close_transfer(Conversation& conversation, const TransferTotals& totals,
                    const std::optional<TransferError>& trouble);

}  // namespace tcp::stream
