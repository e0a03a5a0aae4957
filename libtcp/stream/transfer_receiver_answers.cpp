// SPDX-License-Identifier: MIT
// The half of the receiver that answers offers: what is taken, what is here already, what is refused.
#include <algorithm>

#include "libtcp/stream/transfer_file.hpp"
#include "libtcp/stream/transfer_paths.hpp"
#include "libtcp/stream/transfer_receiver.hpp"

// GCC 12 takes a coroutine's frame that it inlines for one that somebody else has allocated.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace tcp::stream {
namespace {

// Of files that were asked for and have not come: a sender that runs further ahead is out of step.
constexpr std::size_t kMostWanted = 1024;

}  // namespace

Awaitable<WireResult<void>> TransferReceiver::on_entry(TransferEntry entry) {
  AnswerFrame frame;
  frame.id = entry.id;
  auto reason = check_transfer_path(entry.path);
  if (!reason && entry.kind == TransferKind::link) reason = check_link_target(entry.path, entry.target);
  if (reason) {
    frame.decision = Decision::refused;
    frame.text = (check_transfer_path(entry.path) ? "its path " : "its target ") + std::string(*reason);
    answer(frame);
    conclude(entry, TransferOutcome::refused, std::move(frame.text));
    co_return WireResult<void>();
  }
  if (entry.kind != TransferKind::file) co_return make(entry);
  if (wanted_.size() >= kMostWanted) co_return std::unexpected(wire_.malformed("the peer offers too much at once"));
  Wanted wanted;
  wanted.entry = std::move(entry);
  wanted.since = clock_.now();
  const auto decided = co_await decide_file(wanted);
  if (!decided) co_return lose(wanted.entry, decided.error());
  frame.decision = wanted.decision;
  if (frame.decision == Decision::refused) {
    frame.text = "it exists already";
    answer(frame);
    conclude(wanted.entry, TransferOutcome::refused, kExists);
    co_return WireResult<void>();
  }
  frame.replaces = options_.replaces;
  frame.offset = wanted.offset;
  if (frame.decision != Decision::take) frame.digest = wanted.digest.value();
  const std::uint32_t id = wanted.entry.id;
  if (!wanted_.emplace(id, std::move(wanted)).second) {
    co_return std::unexpected(wire_.malformed("the peer used an id twice"));
  }
  answer(frame);
  co_return WireResult<void>();
}

Awaitable<Result<void>> TransferReceiver::decide_file(Wanted& wanted) {
  const TransferEntry& entry = wanted.entry;
  auto there = directory_.find(entry.path, false);
  if (!there) co_return std::unexpected(std::move(there).error());
  if (*there && is_same_version((*there)->status, entry)) {
    auto opened = directory_.find(entry.path, true);
    if (!opened) co_return std::unexpected(std::move(opened).error());
    if (*opened && (*opened)->file) {
      auto digest = co_await hash_beginning(executor_, answer_hasher_, (*opened)->file.get(), entry.size);
      if (!digest) co_return std::unexpected(std::move(digest).error());
      wanted.decision = Decision::whole;
      wanted.digest = std::move(*digest);
      wanted.offset = entry.size;
      co_return Result<void>();
    }
  }
  if (*there && (!options_.replaces || S_ISDIR((*there)->status.st_mode))) {
    wanted.decision = Decision::refused;
    co_return Result<void>();
  }
  if (entry.size < kTransferChunkBytes) co_return Result<void>();
  auto part = directory_.find_part(entry.path);
  if (!part) co_return std::unexpected(std::move(part).error());
  if (!*part) co_return Result<void>();
  const auto have = static_cast<std::uint64_t>((*part)->status.st_size);
  const std::uint64_t offset = whole_chunks(std::min(have, entry.size));
  if (offset == 0) co_return Result<void>();
  auto digest = co_await hash_beginning(executor_, answer_hasher_, (*part)->file.get(), offset);
  if (!digest) co_return Result<void>();  // it will be written anew
  wanted.decision = Decision::resume;
  wanted.digest = std::move(*digest);
  wanted.offset = offset;
  co_return Result<void>();
}

WireResult<void> TransferReceiver::make(const TransferEntry& entry) {
  AnswerFrame frame;
  frame.id = entry.id;
  frame.decision = Decision::made;
  if (entry.kind == TransferKind::directory) {
    if (auto made = directory_.make_directory(entry); !made) return lose(entry, made.error());
  } else {
    const auto made = directory_.make_link(entry, options_.replaces);
    if (!made) return lose(entry, made.error());
    if (!*made) frame.decision = Decision::unchanged;
  }
  answer(frame);
  conclude(entry, frame.decision == Decision::made ? TransferOutcome::stored : TransferOutcome::unchanged, {});
  return {};
}

}  // namespace tcp::stream
