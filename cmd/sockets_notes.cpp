// SPDX-License-Identifier: MIT
#include "cmd/sockets_notes.hpp"

#include "cmd/sockets_cells.hpp"

namespace tcp::cmd {
namespace {

std::string sockets_text(std::uint64_t count) { return std::to_string(count) + (count == 1 ? " socket" : " sockets"); }

}  // namespace

void SocketsNotes::see(const sockets::SocketRow& row) {
  const auto queue = accept_queue_of(*row.socket);
  if (!queue || !queue->full()) return;
  std::string text = "accept queue of " + to_string(row.socket->local) + " is full (" + std::to_string(queue->waiting) +
                     " of " + std::to_string(queue->limit);
  if (row.socket->memory && row.socket->memory->drops > 0) {
    text += ", " + std::to_string(row.socket->memory->drops) + " dropped so far";
  }
  add_warning(text + ")");
}

void SocketsNotes::add_warning(std::string warning) {
  if (warnings_.size() < kMostWarnings) {
    warnings_.push_back(std::move(warning));
  } else {
    ++suppressed_;
  }
}

void SocketsNotes::add(const sockets::QueryOutcome& outcome) {
  selected_ += outcome.selected;
  examined_ += outcome.dump.sockets;
  interruptions_ += outcome.dump.interruptions;
  consistent_ = consistent_ && outcome.dump.consistent;
  unknown_holders_ += outcome.unknown_holders;
  forbidden_ += outcome.holders.forbidden;
}

void SocketsNotes::say(const Context& context) const {
  for (const std::string& warning : warnings_) context.warn(warning);
  if (suppressed_ > 0) context.warn(std::to_string(suppressed_) + " more like these");
  if (!consistent_) {
    context.warn("the kernel's list changed while it was read, again and again; some sockets may be missing");
  }
  if (unknown_holders_ == 0) return;
  const bool one = unknown_holders_ == 1;
  if (forbidden_ > 0) {
    context.note("tcpbox: " + std::string(one ? "the owner of " : "owners of ") + sockets_text(unknown_holders_) +
                 (one ? " needs root" : " need root"));
  } else {
    context.note("tcpbox: " + sockets_text(unknown_holders_) + (one ? " belongs" : " belong") +
                 " to no process that can be seen from here");
  }
}

Record SocketsNotes::summary(bool complete) const {
  List warnings;
  for (const std::string& warning : warnings_) warnings.emplace_back(warning);
  Record summary("summary");
  summary.add("complete", complete && consistent_);
  summary.add("results", selected_);
  summary.add("examined", examined_);
  summary.add("interruptions", interruptions_);
  summary.add("unknown_owners", unknown_holders_);
  summary.add("forbidden_processes", forbidden_);
  return summary.add("warnings", std::move(warnings));
}

}  // namespace tcp::cmd
