// SPDX-License-Identifier: MIT
// The frames of a file transfer (tcpbox-transfer(5)) as values, and back. Pure: no file and no connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libtcp/stream/tls_options.hpp"

namespace tcp::stream {

// A file is hashed, sent and resumed in pieces of so many bytes.
inline constexpr std::size_t kTransferChunkBytes = std::size_t{1} << 20;
inline constexpr std::size_t kTransferHeaderBytes = 5;  // length of the body, type
inline constexpr std::size_t kTransferPrefaceBytes = 12;
// Of every body but that of data.
inline constexpr std::size_t kMostTransferBodyBytes = 16384;
inline constexpr std::uint8_t kTransferVersion = 1;

enum class TransferRole : std::uint8_t { sender = 0, receiver = 1 };

enum class TransferKind : std::uint8_t { file = 1, directory = 2, link = 3 };
[[nodiscard]] std::string_view to_string(TransferKind kind);

// Something in the sender's tree. Paths are bytes, '/' between components; see check_transfer_path().
struct TransferEntry {
  std::uint32_t id = 0;  // counts from 0
  TransferKind kind = TransferKind::file;
  std::uint16_t mode = 0;  // the bits of 0777
  std::int64_t modified_s = 0;
  std::uint32_t modified_ns = 0;  // below 10^9
  std::uint64_t size = 0;         // of a file
  std::string path;
  std::string target;  // of a link
  friend bool operator==(const TransferEntry&, const TransferEntry&) = default;
};

// From the sender.
struct PlanFrame {  // first of all: what is to come, as far as it is known
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const PlanFrame&, const PlanFrame&) = default;
};
struct EntryFrame {
  TransferEntry entry;
  friend bool operator==(const EntryFrame&, const EntryFrame&) = default;
};
struct StartFrame {  // data of this file follow, from this offset on
  std::uint32_t id = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const StartFrame&, const StartFrame&) = default;
};
struct DataFrame {  // its body follows; it is a whole chunk, or what is left of the file
  std::uint32_t bytes = 0;
  friend bool operator==(const DataFrame&, const DataFrame&) = default;
};
enum class EndStatus : std::uint8_t { complete = 0, changed = 1, unreadable = 2, stopped = 3 };
struct EndFrame {
  std::uint32_t id = 0;
  EndStatus status = EndStatus::complete;
  std::uint64_t size = 0;  // so many bytes of the file are what was read
  Sha256 digest{};         // of the whole file, when it is complete
  friend bool operator==(const EndFrame&, const EndFrame&) = default;
};
enum class LeaveReason : std::uint8_t { identical = 0, differs = 1, unreadable = 2 };
struct LeaveFrame {  // no data of this file will come
  std::uint32_t id = 0;
  LeaveReason reason = LeaveReason::identical;
  friend bool operator==(const LeaveFrame&, const LeaveFrame&) = default;
};
struct DirectoryFrame {  // nothing more comes into this directory: its mode and time can be set
  TransferEntry entry;
  friend bool operator==(const DirectoryFrame&, const DirectoryFrame&) = default;
};
struct DoneFrame {
  friend bool operator==(const DoneFrame&, const DoneFrame&) = default;
};

// From the receiver.
enum class Decision : std::uint8_t {
  take = 0,
  resume = 1,
  whole = 2,
  made = 3,
  unchanged = 4,
  refused = 5,
  failed = 6
};
struct AnswerFrame {
  std::uint32_t id = 0;
  Decision decision = Decision::take;
  bool replaces = false;     // a whole file that differs may be sent
  std::uint64_t offset = 0;  // so many bytes are there already
  Sha256 digest{};           // of these
  std::string text;          // why it is refused
  friend bool operator==(const AnswerFrame&, const AnswerFrame&) = default;
};
enum class ResultStatus : std::uint8_t { stored = 0, digest_differs = 1, refused = 2, failed = 3 };
struct ResultFrame {
  std::uint32_t id = 0;
  ResultStatus status = ResultStatus::stored;
  std::string text;
  friend bool operator==(const ResultFrame&, const ResultFrame&) = default;
};
struct FinishedFrame {
  friend bool operator==(const FinishedFrame&, const FinishedFrame&) = default;
};

// From either: it goes no further.
struct AbortFrame {
  std::string text;
  friend bool operator==(const AbortFrame&, const AbortFrame&) = default;
};

using SenderFrame = std::variant<PlanFrame, EntryFrame, StartFrame, DataFrame, EndFrame, LeaveFrame, DirectoryFrame,
                                 DoneFrame, AbortFrame>;
using ReceiverFrame = std::variant<AnswerFrame, ResultFrame, FinishedFrame, AbortFrame>;

struct TransferHeader {
  std::uint32_t bytes = 0;  // of the body
  std::uint8_t type = 0;
};

// Its body is a piece of a file.
[[nodiscard]] bool is_data(const TransferHeader& header) noexcept;
// Nothing when no frame from there has such a type or length.
[[nodiscard]] std::optional<TransferHeader> parse_transfer_header(
    std::span<const std::uint8_t, kTransferHeaderBytes> bytes, TransferRole from);
// `body` as long as the header says; of a data frame only the length counts, and `body` is empty. Nothing when it is
// not what its type asks for, to the last byte. Paths are not looked into.
[[nodiscard]] std::optional<SenderFrame> parse_sender_frame(const TransferHeader& header,
                                                            std::span<const std::uint8_t> body);
[[nodiscard]] std::optional<ReceiverFrame> parse_receiver_frame(const TransferHeader& header,
                                                                std::span<const std::uint8_t> body);

// Appends header and body; of a data frame the header. Texts are cut to 1,024 bytes.
void serialize(const SenderFrame& frame, std::vector<std::uint8_t>& to);
void serialize(const ReceiverFrame& frame, std::vector<std::uint8_t>& to);

// What each side sends first.
[[nodiscard]] std::vector<std::uint8_t> transfer_preface(TransferRole own);
enum class PrefaceVerdict : std::uint8_t { good, other_protocol, tls, same_role, other_version };
[[nodiscard]] PrefaceVerdict judge_preface(std::span<const std::uint8_t, kTransferPrefaceBytes> bytes,
                                           TransferRole own);

}  // namespace tcp::stream
