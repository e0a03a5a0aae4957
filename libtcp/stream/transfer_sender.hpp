// SPDX-License-Identifier: MIT
// The sending side: over one connection, and what is known from one connection to the next.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/transfer_digest.hpp"
#include "libtcp/stream/transfer_observer.hpp"
#include "libtcp/stream/transfer_options.hpp"
#include "libtcp/stream/transfer_source.hpp"
#include "libtcp/stream/transfer_wire.hpp"

namespace tcp::stream {

// Of all connections of a run.
struct SendState {
  SendState(SessionObserver& observer, const Clock& clock, const SendOptions& options)
      : tally(observer, clock, true, options.progress_interval) {}

  TransferTally tally;
  TransferPlanned planned;
  std::unordered_set<std::string> concluded;  // paths that are done with
};

class TransferSender {
 public:
  // The references must outlive it.
  TransferSender(const Executor& executor, Conversation& conversation, TransferSource source, SendState& state,
                 const SendOptions& options, const Clock& clock);

  // Until everything is there, or what kept it from that. The conversation stays open.
  [[nodiscard]] Awaitable<std::optional<TransferError>> run();

 private:
  // An entry that was offered.
  struct Offered {
    TransferEntry entry;
    std::string local;
    std::optional<Sha256> digest;
    std::uint64_t resumed_from = 0;
    MonotonicTime since;
    bool is_answered = false;
    bool is_started = false;  // its data go, or have gone
  };
  // A file on its way.
  struct File {
    UniqueFd descriptor;
    std::uint64_t good_bytes = 0;  // that were read
    EndStatus status = EndStatus::complete;
  };

  [[nodiscard]] Awaitable<void> read_answers();
  [[nodiscard]] Awaitable<WireResult<void>> take_frame();
  [[nodiscard]] WireResult<void> on_answer(AnswerFrame frame);
  [[nodiscard]] WireResult<void> on_result(const ResultFrame& frame);

  [[nodiscard]] Awaitable<WireResult<void>> send_all();
  void offer_more();
  void offer(SourceItem item);
  [[nodiscard]] Awaitable<WireResult<void>> act_on(const AnswerFrame& frame);
  [[nodiscard]] Awaitable<WireResult<void>> send_file(Offered& offered, UniqueFd file, std::uint64_t offset,
                                                      TreeDigest prefix);
  [[nodiscard]] Awaitable<WireResult<void>> send_chunk(File& file, std::uint64_t offset, std::size_t bytes);
  [[nodiscard]] Awaitable<WireResult<void>> send_read_chunk(File& file, std::uint64_t offset, std::size_t bytes);
  [[nodiscard]] Awaitable<WireResult<void>> finish();
  void leave(std::uint32_t id, LeaveReason reason);
  void conclude(std::uint32_t id, TransferOutcome outcome, std::string reason);
  [[nodiscard]] Awaitable<void> news();
  void tell() { news_.cancel(); }

  Executor executor_;
  const Clock& clock_;
  SendState& state_;
  TransferSource source_;
  TransferWire wire_;
  bool source_ended_ = false;
  std::uint32_t next_id_ = 0;
  std::size_t open_ = 0;  // offered, and nothing done about it yet
  std::unordered_map<std::uint32_t, Offered> offered_;
  std::vector<TransferEntry> directories_;
  std::deque<AnswerFrame> answers_;
  std::optional<std::uint32_t> sending_;
  bool sending_is_unwanted_ = false;
  bool is_done_ = false;   // we have said that nothing more comes
  bool finished_ = false;  // the receiver is
  bool reader_runs_ = false;
  std::optional<TransferError> reader_trouble_;
  Timer news_;
  TransferHasher hasher_;
};

}  // namespace tcp::stream
