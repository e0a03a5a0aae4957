// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_receiver.hpp"

#include <algorithm>

#include "libtcp/stream/transfer_file.hpp"
#include "libtcp/stream/transfer_paths.hpp"

// GCC 12 takes a coroutine's frame that it inlines for one that somebody else has allocated.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace tcp::stream {
namespace {

constexpr std::size_t kFlushBytes = std::size_t{64} * 1024;

std::string_view why_not_sent(EndStatus status) {
  switch (status) {
    case EndStatus::complete: break;
    case EndStatus::changed: return "it changed while it was sent";
    case EndStatus::unreadable: return "the sender could not read it";
    case EndStatus::stopped: return "the sender stopped";
  }
  return {};
}

}  // namespace

TransferReceiver::TransferReceiver(const Executor& executor, Conversation& conversation, TransferDirectory& directory,
                                   const ReceiveOptions& options, const Clock& clock)
    : executor_(executor),
      conversation_(conversation),
      directory_(directory),
      options_(options),
      clock_(clock),
      tally_(conversation.observer(), clock, false, options.progress_interval),
      wire_(executor, conversation.channel(), TransferRole::receiver, options.idle_timeout, clock) {
  tally_.join(conversation);
}

Awaitable<void> TransferReceiver::run() {
  auto ended = co_await converse();
  std::optional<TransferError> trouble;
  if (!ended) trouble = std::move(ended).error();
  if (current_) keep_for_later(current_->at);
  if (trouble && (trouble->trouble == TransferTrouble::protocol || trouble->trouble == TransferTrouble::local)) {
    std::string last_words = why(trouble->error);
    co_await wire_.give_up(std::move(last_words));
  }
  tally_.finish(!trouble);
  close_transfer(conversation_, tally_.totals(), trouble);
}

Awaitable<WireResult<void>> TransferReceiver::converse() {
  auto known = co_await wire_.introduce();
  if (!known) co_return known;
  for (;;) {
    if (!wire_.has_input() || wire_.output().size() >= kFlushBytes) {
      auto sent = co_await wire_.flush();
      if (!sent) co_return sent;
    }
    const auto header = co_await wire_.receive_frame();
    if (!header) co_return std::unexpected(header.error());
    auto frame = parse_sender_frame(*header, wire_.body());
    if (!frame) co_return std::unexpected(wire_.malformed("the peer sent a broken frame"));
    const auto more = co_await handle(std::move(*frame));
    if (!more) co_return std::unexpected(more.error());
    if (!*more) break;
  }
  auto sent = co_await wire_.flush();
  if (!sent) co_return sent;
  (void)co_await conversation_.channel().finish_sending();
  co_return WireResult<void>();
}

// False: that was the last one.
Awaitable<WireResult<bool>> TransferReceiver::handle(SenderFrame frame) {
  WireResult<void> done;
  if (auto* entry = std::get_if<EntryFrame>(&frame)) {
    done = co_await on_entry(std::move(entry->entry));
  } else if (const auto* data = std::get_if<DataFrame>(&frame)) {
    done = co_await on_data(data->bytes);
  } else if (const auto* start = std::get_if<StartFrame>(&frame)) {
    done = on_start(*start);
  } else if (const auto* end = std::get_if<EndFrame>(&frame)) {
    done = on_end(*end);
  } else if (const auto* leave = std::get_if<LeaveFrame>(&frame)) {
    done = on_leave(*leave);
  } else if (const auto* directory = std::get_if<DirectoryFrame>(&frame)) {
    done = on_directory(directory->entry);
  } else if (const auto* plan = std::get_if<PlanFrame>(&frame)) {
    tally_.plan(plan->entries, plan->bytes);
  } else if (const auto* abort = std::get_if<AbortFrame>(&frame)) {
    co_return std::unexpected(wire_.gave_up(abort->text));
  } else {
    if (current_ || !wanted_.empty()) co_return std::unexpected(wire_.malformed("the peer ended before its files"));
    serialize(ReceiverFrame(FinishedFrame()), wire_.output());
    co_return false;
  }
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return true;
}

WireResult<void> TransferReceiver::on_start(const StartFrame& frame) {
  const auto found = wanted_.find(frame.id);
  if (current_ || found == wanted_.end()) return std::unexpected(wire_.malformed("the peer sent a file out of turn"));
  const bool resumes = found->second.decision == Decision::resume && frame.offset == found->second.offset;
  const bool is_right = frame.offset == 0 || resumes;
  const bool is_allowed = found->second.decision != Decision::whole || options_.replaces;
  if (!is_right || !is_allowed) return std::unexpected(wire_.malformed("the peer sent what was not asked for"));
  current_.emplace();
  current_->wanted = std::move(found->second);
  wanted_.erase(found);
  current_->wanted.since = clock_.now();
  current_->resumed_from = frame.offset;
  current_->at = frame.offset;
  tally_.advance(frame.offset);
  auto part = directory_.open_part(current_->wanted.entry.path, resumes);
  if (!part) return lose(current_->wanted.entry, part.error());
  current_->part = std::move(*part);
  if (resumes) {
    if (auto cut = current_->part.cut(frame.offset); !cut) return lose(current_->wanted.entry, cut.error());
    hasher_.begin(std::move(current_->wanted.digest));
  } else {
    hasher_.begin();
  }
  return {};
}

Awaitable<WireResult<void>> TransferReceiver::on_data(std::uint32_t bytes) {
  if (!current_) co_return std::unexpected(wire_.malformed("the peer sent data of no file"));
  const TransferEntry& entry = current_->wanted.entry;
  const std::uint64_t left = entry.size - current_->at;
  if (bytes != std::min<std::uint64_t>(left, kTransferChunkBytes)) {
    co_return std::unexpected(wire_.malformed("the peer sent more or less of a file than it said"));
  }
  const auto room = hasher_.buffer().first(bytes);
  auto received = co_await wire_.receive_data(room);
  if (!received) co_return received;
  tally_.move(bytes);
  const std::uint64_t offset = current_->at;
  current_->at += bytes;
  if (!current_->takes) co_return WireResult<void>();
  hasher_.submit(bytes);
  const auto written = current_->part.write(room, offset);
  if (written) co_return WireResult<void>();
  current_->at = offset;  // for what is kept
  auto lost = lose(entry, written.error());
  current_->at = offset + bytes;
  co_return lost;
}

WireResult<void> TransferReceiver::on_end(const EndFrame& frame) {
  if (!current_ || current_->wanted.entry.id != frame.id) {
    return std::unexpected(wire_.malformed("the peer ended a file out of turn"));
  }
  if (!current_->takes) {
    current_.reset();
    return {};
  }
  if (frame.status == EndStatus::complete) {
    if (current_->at != current_->wanted.entry.size) {
      return std::unexpected(wire_.malformed("the peer sent more or less of a file than it said"));
    }
    return store(frame);
  }
  const std::string reason(why_not_sent(frame.status));
  keep_for_later(std::min(frame.size, current_->at));
  answer_result(frame.id, ResultStatus::failed, reason);
  conclude(current_->wanted.entry, TransferOutcome::failed, reason);
  current_.reset();
  return {};
}

WireResult<void> TransferReceiver::store(const EndFrame& frame) {
  const TransferEntry entry = current_->wanted.entry;
  const auto digest = hasher_.finish();
  if (!digest) return lose(entry, digest.error());
  if (digest->value() != frame.digest) {
    const std::string reason = "its SHA-256 is not the sender's";
    current_->part.remove();
    answer_result(frame.id, ResultStatus::digest_differs, reason);
    conclude(entry, TransferOutcome::failed, reason);
    current_.reset();
    return {};
  }
  const auto finished = current_->part.finish(entry, options_.replaces, options_.sync);
  if (!finished) {
    auto lost = lose(entry, finished.error());
    current_.reset();
    return lost;
  }
  answer_result(frame.id, ResultStatus::stored, {});
  Transferred event = transferred(entry);
  event.digest = frame.digest;
  event.resumed_from = current_->resumed_from;
  event.elapsed = clock_.now() - current_->wanted.since;
  tally_.conclude(std::move(event));
  current_.reset();
  return {};
}

WireResult<void> TransferReceiver::on_leave(const LeaveFrame& frame) {
  const auto found = wanted_.find(frame.id);
  if (found == wanted_.end()) return std::unexpected(wire_.malformed("the peer left a file out of turn"));
  const Wanted wanted = std::move(found->second);
  wanted_.erase(found);
  const bool is_whole = wanted.decision == Decision::whole;
  if (frame.reason == LeaveReason::identical) {
    if (!is_whole) return std::unexpected(wire_.malformed("the peer left a file that is not here"));
    Transferred event = transferred(wanted.entry);
    event.digest = wanted.digest.value();
    event.outcome = TransferOutcome::unchanged;
    event.elapsed = clock_.now() - wanted.since;
    tally_.advance(wanted.entry.size);
    tally_.conclude(std::move(event));
    return {};
  }
  if (frame.reason == LeaveReason::differs) {
    conclude(wanted.entry, TransferOutcome::refused, kExists);
  } else {
    conclude(wanted.entry, TransferOutcome::failed, "the sender could not read it");
  }
  return {};
}

WireResult<void> TransferReceiver::on_directory(const TransferEntry& entry) {
  if (check_transfer_path(entry.path))
    return std::unexpected(wire_.malformed("the peer named no directory of its own"));
  if (auto finished = directory_.finish_directory(entry); !finished) {
    if (auto end = fatal(finished.error())) return std::unexpected(TransferError{TransferTrouble::local, *end});
    conclude(entry, TransferOutcome::failed, why(finished.error()));
  }
  return {};
}

void TransferReceiver::keep_for_later(std::uint64_t good_bytes) {
  if (!current_->takes || current_->part.descriptor() < 0) return;
  (void)hasher_.finish();
  const std::uint64_t kept = whole_chunks(good_bytes);
  if (kept == 0 || !current_->part.cut(kept)) current_->part.remove();
}

void TransferReceiver::answer_result(std::uint32_t id, ResultStatus status, std::string text) {
  const ResultFrame frame{id, status, std::move(text)};
  serialize(ReceiverFrame(frame), wire_.output());
}

std::string TransferReceiver::why(const Error& error) {
  return !error.detail.empty() ? error.detail : error.code ? error.code.message() : error.attempt;
}

void TransferReceiver::conclude(const TransferEntry& entry, TransferOutcome outcome, std::string reason) {
  Transferred event = transferred(entry);
  event.outcome = outcome;
  event.reason = std::move(reason);
  tally_.conclude(std::move(event));
}

std::optional<Error> TransferReceiver::fatal(const Error& error) const {
  if (error.is(std::errc::no_space_on_device) || error.code == std::error_code(EDQUOT, std::generic_category()) ||
      error.is(std::errc::read_only_file_system)) {
    return error;
  }
  if (!directory_.is_gone()) return std::nullopt;
  return make_error(Errc::not_found, "receive into " + directory_.name(), "the directory was removed").error();
}

WireResult<void> TransferReceiver::lose(const TransferEntry& entry, const Error& error) {
  const bool is_current = current_ && current_->wanted.entry.id == entry.id;
  const auto end = fatal(error);
  const bool exists = error.is(std::errc::file_exists);
  conclude(entry, exists ? TransferOutcome::refused : TransferOutcome::failed, end ? why(*end) : error.message());
  if (is_current) {
    keep_for_later(current_->at);
    current_->takes = false;
  }
  if (end) return std::unexpected(TransferError{TransferTrouble::local, *end});
  if (is_current) {
    answer_result(entry.id, exists ? ResultStatus::refused : ResultStatus::failed, why(error));
  } else {
    AnswerFrame frame;
    frame.id = entry.id;
    frame.decision = exists ? Decision::refused : Decision::failed;
    frame.text = why(error);
    answer(frame);
  }
  return {};
}

}  // namespace tcp::stream
