// SPDX-License-Identifier: MIT
// What a transfer of files tells its observer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/transfer_frames.hpp"

namespace tcp::stream {

// How much there is to come, all files together.
struct TransferPlanned {
  std::uint64_t id = 0;  // of the conversation
  bool is_sender = false;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

enum class TransferOutcome : std::uint8_t {
  stored,     // whole, checked, under its name
  unchanged,  // it was there already
  skipped,    // nothing that is sent: a device, a link that leads out of the tree
  refused,    // the receiver does not take it: it exists, or must not be called that
  failed,     // reading, writing, or a digest that differs
};
[[nodiscard]] std::string_view to_string(TransferOutcome outcome);

// One entry is done with.
struct Transferred {
  std::uint64_t id = 0;  // of the conversation; 0 when there is none yet
  std::string path;
  std::string kind;        // "file", "directory", "link", or what is not sent: "FIFO"
  std::uint64_t size = 0;  // of a file
  std::optional<Sha256> digest;
  std::uint64_t resumed_from = 0;
  TransferOutcome outcome = TransferOutcome::stored;
  std::string reason;  // of skipped, refused and failed
  Duration elapsed{};  // from its first byte, or its turn, on
};

// Of one conversation, once it is over.
struct TransferTotals {
  std::uint64_t id = 0;
  bool is_sender = false;
  bool complete = false;  // the sender had nothing more, and the receiver said so
  std::uint64_t stored = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t skipped = 0;
  std::uint64_t refused = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;  // of files, that went over the connection
  Duration elapsed{};

  void count(TransferOutcome outcome);
};

}  // namespace tcp::stream
