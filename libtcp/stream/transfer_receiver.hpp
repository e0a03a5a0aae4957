// SPDX-License-Identifier: MIT
// The receiving side of one transfer.
#pragma once

#include <optional>
#include <unordered_map>

#include "libtcp/stream/transfer_digest.hpp"
#include "libtcp/stream/transfer_directory.hpp"
#include "libtcp/stream/transfer_observer.hpp"
#include "libtcp/stream/transfer_options.hpp"
#include "libtcp/stream/transfer_wire.hpp"

namespace tcp::stream {

// A file that was asked for.
struct WantedFile {
  TransferEntry entry;
  Decision decision = Decision::take;
  TreeDigest digest;  // of what is there
  std::uint64_t offset = 0;
  MonotonicTime since;
};

// The one whose data come.
struct IncomingFile {
  WantedFile wanted;
  std::uint64_t resumed_from = 0;
  std::uint64_t at = 0;
  PartialFile part;
  bool takes = true;  // false: what still comes of it is thrown away
};

class TransferReceiver {
 public:
  // The references must outlive it.
  TransferReceiver(const Executor& executor, Conversation& conversation, TransferDirectory& directory,
                   const ReceiveOptions& options, const Clock& clock);

  // Until the sender has nothing more. Reports, and closes the conversation.
  [[nodiscard]] Awaitable<void> run();

 private:
  using Wanted = WantedFile;
  using Current = IncomingFile;

  static constexpr const char* kExists = "it exists already; --overwrite replaces what is there";
  // In words that go behind what it is about.
  [[nodiscard]] static std::string why(const Error& error);

  [[nodiscard]] Awaitable<WireResult<void>> converse();
  [[nodiscard]] Awaitable<WireResult<bool>> handle(SenderFrame frame);
  [[nodiscard]] Awaitable<WireResult<void>> on_entry(TransferEntry entry);
  [[nodiscard]] Awaitable<WireResult<void>> on_data(std::uint32_t bytes);
  [[nodiscard]] WireResult<void> on_start(const StartFrame& frame);
  [[nodiscard]] WireResult<void> on_end(const EndFrame& frame);
  [[nodiscard]] WireResult<void> on_leave(const LeaveFrame& frame);
  [[nodiscard]] WireResult<void> on_directory(const TransferEntry& entry);
  [[nodiscard]] WireResult<void> store(const EndFrame& frame);
  void keep_for_later(std::uint64_t good_bytes);

  [[nodiscard]] Awaitable<Result<void>> decide_file(Wanted& wanted);
  [[nodiscard]] WireResult<void> make(const TransferEntry& entry);
  void answer(const AnswerFrame& frame) { serialize(ReceiverFrame(frame), wire_.output()); }
  void answer_result(std::uint32_t id, ResultStatus status, std::string text);
  void conclude(const TransferEntry& entry, TransferOutcome outcome, std::string reason);
  // What no other entry can survive (no room, DIR is gone) ends the transfer; anything else ends the entry.
  [[nodiscard]] WireResult<void> lose(const TransferEntry& entry, const Error& error);
  [[nodiscard]] std::optional<Error> fatal(const Error& error) const;

  Executor executor_;
  Conversation& conversation_;
  TransferDirectory& directory_;
  const ReceiveOptions& options_;
  const Clock& clock_;
  TransferTally tally_;
  TransferWire wire_;
  std::unordered_map<std::uint32_t, Wanted> wanted_;
  std::optional<Current> current_;
  TransferHasher answer_hasher_;
  TransferHasher hasher_;
};

}  // namespace tcp::stream
