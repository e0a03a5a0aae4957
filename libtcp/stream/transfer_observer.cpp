// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_observer.hpp"

#include <fmt/format.h>

namespace tcp::stream {
namespace {

// "2 of 10 entries failed"
std::optional<std::string> what_is_missing(const TransferTotals& totals) {
  const std::uint64_t missing = totals.failed + totals.refused + totals.skipped;
  if (missing == 0) return std::nullopt;
  const std::uint64_t all = missing + totals.stored + totals.unchanged;
  const std::string_view why = totals.failed > 0 ? "failed" : totals.refused > 0 ? "refused" : "skipped";
  const bool is_mixed = (totals.failed > 0 ? 1 : 0) + (totals.refused > 0 ? 1 : 0) + (totals.skipped > 0 ? 1 : 0) > 1;
  if (!is_mixed) return fmt::format("{} of {} {} {}", missing, all, all == 1 ? "entry" : "entries", why);
  return fmt::format("{} of {} entries failed, {} refused, {} skipped", totals.failed, all, totals.refused,
                     totals.skipped);
}

CloseReason reason_of(TransferTrouble trouble) {
  switch (trouble) {
    case TransferTrouble::broken: return CloseReason::connection_failed;
    case TransferTrouble::idle: return CloseReason::idle;
    case TransferTrouble::protocol:
    case TransferTrouble::aborted:
    case TransferTrouble::local: break;
  }
  return CloseReason::transfer_failed;
}

}  // namespace

TransferTally::TransferTally(SessionObserver& observer, const Clock& clock, bool is_sender, Duration progress_interval)
    : observer_(observer), clock_(clock), interval_(progress_interval), started_(clock.now()), shown_(started_) {
  totals_.is_sender = is_sender;
}

void TransferTally::plan(std::uint64_t entries, std::uint64_t bytes) {
  TransferPlanned planned;
  planned.id = conversation_ != nullptr ? conversation_->id() : 0;
  planned.is_sender = totals_.is_sender;
  planned.entries = entries;
  planned.bytes = bytes;
  observer_.on_transfer_planned(planned);
}

void TransferTally::conclude(Transferred event) {
  event.id = conversation_ != nullptr ? conversation_->id() : 0;
  totals_.count(event.outcome);
  observer_.on_transferred(event);
}

void TransferTally::move(std::uint64_t bytes) {
  totals_.bytes += bytes;
  if (conversation_ != nullptr) {
    Traffic& traffic = conversation_->traffic();
    (totals_.is_sender ? traffic.sent_bytes : traffic.received_bytes) += bytes;
  }
  advance(bytes);
}

void TransferTally::advance(std::uint64_t bytes) {
  done_bytes_ += bytes;
  show();
}

void TransferTally::show() {
  if (interval_ == Duration() || conversation_ == nullptr) return;
  const MonotonicTime now = clock_.now();
  if (now < shown_ + interval_) return;
  shown_ = now;
  Progress progress;
  progress.id = conversation_->id();
  (totals_.is_sender ? progress.traffic.sent_bytes : progress.traffic.received_bytes) = done_bytes_;
  observer_.on_progress(progress);
}

void TransferTally::finish(bool complete) {
  totals_.id = conversation_ != nullptr ? conversation_->id() : 0;
  totals_.complete = complete;
  totals_.elapsed = clock_.now() - started_;
  observer_.on_transfer_over(totals_);
}

void close_transfer(Conversation& conversation, const TransferTotals& totals,
                    const std::optional<TransferError>& trouble) {
  if (trouble) {
    conversation.close(reason_of(trouble->trouble), trouble->error);
    return;
  }
  const auto missing = what_is_missing(totals);
  if (!missing) {
    conversation.close(CloseReason::finished);
    return;
  }
  const std::string peer = "transfer with " + to_string(conversation.channel().addresses().remote);
  conversation.close(totals.failed > 0 ? CloseReason::transfer_failed : CloseReason::incomplete,
                     Error{make_error_code(Errc::not_permitted), peer, *missing, {}});
}

}  // namespace tcp::stream
