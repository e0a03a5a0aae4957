// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_sender.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ranges>

#include "libtcp/stream/transfer_file.hpp"

namespace tcp::stream {
namespace {

// Offers that nothing has been done about yet: enough that no round trip is ever waited for.
constexpr std::size_t kMostOpen = 512;
constexpr std::size_t kFlushBytes = std::size_t{256} * 1024;
// Below, copying costs less than a system call more.
constexpr std::size_t kWorthSendfile = std::size_t{64} * 1024;

std::string reason_of(int error_number) { return std::generic_category().message(error_number); }

// As many as there are; the rest of `room` becomes zeros, since its length has been promised.
std::size_t read_all(int file, std::uint64_t offset, std::span<std::byte> room) {
  std::size_t have = 0;
  while (have < room.size()) {
    const ssize_t some = ::pread(file, room.data() + have, room.size() - have, static_cast<off_t>(offset + have));
    if (some < 0 && errno == EINTR) continue;
    if (some <= 0) break;
    have += static_cast<std::size_t>(some);
  }
  std::ranges::fill(room.subspan(have), std::byte());
  return have;
}

}  // namespace

TransferSender::TransferSender(const Executor& executor, Conversation& conversation, TransferSource source,
                               SendState& state, const SendOptions& options, const Clock& clock)
    : executor_(executor),
      clock_(clock),
      state_(state),
      source_(std::move(source)),
      wire_(executor, conversation.channel(), TransferRole::sender, options.idle_timeout, clock),
      news_(executor, Timer::time_point::max()) {}

// What the peer said last counts for more than that our bytes did not get through to it.
Awaitable<std::optional<TransferError>> TransferSender::run() {
  auto known = co_await wire_.introduce();
  if (!known) co_return std::move(known).error();
  reader_runs_ = true;
  asio::co_spawn(executor_, read_answers(), asio::detached);
  auto sent = co_await send_all();
  if (sent) sent = co_await finish();
  if (!sent && sent.error().trouble == TransferTrouble::local) {
    std::string last_words = sent.error().error.message();
    co_await wire_.give_up(std::move(last_words));
  }
  if (!sent && sent.error().trouble == TransferTrouble::broken && reader_runs_) {
    news_.expires_after(std::chrono::seconds(1));
    while (reader_runs_ && news_.expiry() > Timer::clock_type::now()) co_await news();
  }
  if (reader_runs_) wire_.channel().cancel();
  news_.expires_at(Timer::time_point::max());
  while (reader_runs_) co_await news();
  if (sent) co_return std::nullopt;
  const bool is_broken = sent.error().trouble == TransferTrouble::broken;
  if (reader_trouble_ && (is_broken || reader_trouble_->trouble != TransferTrouble::broken)) {
    co_return std::move(reader_trouble_);
  }
  co_return std::move(sent).error();
}

Awaitable<void> TransferSender::news() {
  auto [ignored] = co_await news_.async_wait(kToken);
  (void)ignored;
}

Awaitable<void> TransferSender::read_answers() {
  while (!finished_ && !reader_trouble_) {
    auto taken = co_await take_frame();
    if (!taken) reader_trouble_ = std::move(taken).error();
    if (reader_trouble_) wire_.channel().cancel();  // a peer that has ended may never read what is being sent
    tell();
  }
  reader_runs_ = false;
  tell();
}

Awaitable<WireResult<void>> TransferSender::take_frame() {
  const auto header = co_await wire_.receive_frame();
  if (!header) co_return std::unexpected(header.error());
  auto frame = parse_receiver_frame(*header, wire_.body());
  if (!frame) co_return std::unexpected(wire_.malformed("the peer sent a broken frame"));
  if (auto* answer = std::get_if<AnswerFrame>(&*frame)) co_return on_answer(std::move(*answer));
  if (const auto* result = std::get_if<ResultFrame>(&*frame)) co_return on_result(*result);
  if (const auto* abort = std::get_if<AbortFrame>(&*frame)) {
    co_return std::unexpected(wire_.gave_up(abort->text));
  }
  if (!is_done_) co_return std::unexpected(wire_.malformed("the peer ended before its files"));
  finished_ = true;
  co_return WireResult<void>();
}

WireResult<void> TransferSender::on_answer(AnswerFrame frame) {
  const auto found = offered_.find(frame.id);
  const bool is_file = found != offered_.end() && found->second.entry.kind == TransferKind::file;
  const bool asks_for_data =
      frame.decision == Decision::take || frame.decision == Decision::resume || frame.decision == Decision::whole;
  const bool is_sound =
      found != offered_.end() && !found->second.is_answered && (is_file || !asks_for_data) &&
      (frame.decision != Decision::resume ||
       (frame.offset <= found->second.entry.size && frame.offset % kTransferChunkBytes == 0 && frame.offset > 0));
  if (!is_sound) return std::unexpected(wire_.malformed("the peer answered what was not asked"));
  found->second.is_answered = true;
  answers_.push_back(std::move(frame));
  return {};
}

WireResult<void> TransferSender::on_result(const ResultFrame& frame) {
  const auto found = offered_.find(frame.id);
  if (found == offered_.end() || !found->second.is_started) {
    return std::unexpected(wire_.malformed("the peer answered what was not asked"));
  }
  if (sending_ == frame.id) {
    if (frame.status == ResultStatus::stored) {
      return std::unexpected(wire_.malformed("the peer stored what it has not had"));
    }
    sending_is_unwanted_ = true;
  }
  switch (frame.status) {
    case ResultStatus::stored: conclude(frame.id, TransferOutcome::stored, {}); break;
    case ResultStatus::refused: conclude(frame.id, TransferOutcome::refused, frame.text); break;
    case ResultStatus::digest_differs:
    case ResultStatus::failed: conclude(frame.id, TransferOutcome::failed, frame.text); break;
  }
  return {};
}

Awaitable<WireResult<void>> TransferSender::send_all() {
  const PlanFrame plan{state_.planned.entries, state_.planned.bytes};
  serialize(SenderFrame(plan), wire_.output());
  for (;;) {
    if (reader_trouble_) co_return std::unexpected(*reader_trouble_);
    while (!source_ended_ && open_ < kMostOpen && wire_.output().size() < kFlushBytes) {
      offer_more();
    }
    if (wire_.output().size() >= kFlushBytes || (answers_.empty() && !wire_.output().empty())) {
      auto sent = co_await wire_.flush();
      if (!sent) co_return sent;
    }
    if (!answers_.empty()) {
      const AnswerFrame frame = std::move(answers_.front());
      answers_.pop_front();
      --open_;
      auto acted = co_await act_on(frame);
      if (!acted) co_return acted;
    } else if (source_ended_ && open_ == 0) {
      co_return WireResult<void>();
    } else if (open_ >= kMostOpen || source_ended_) {
      co_await news();
    }
  }
}

void TransferSender::offer_more() {
  auto next = source_.next();
  if (auto* item = std::get_if<SourceItem>(&next)) {
    if (item->entry.kind == TransferKind::directory) directories_.push_back(item->entry);
    if (!state_.concluded.contains(item->entry.path)) offer(std::move(*item));
  } else if (auto* lost = std::get_if<Transferred>(&next)) {
    if (state_.concluded.insert(lost->path).second) state_.tally.conclude(std::move(*lost));
  } else {
    source_ended_ = true;
  }
}

void TransferSender::offer(SourceItem item) {
  Offered offered;
  offered.entry = std::move(item.entry);
  offered.entry.id = next_id_++;
  offered.local = std::move(item.local);
  offered.since = clock_.now();
  const EntryFrame frame{offered.entry};
  serialize(SenderFrame(frame), wire_.output());
  ++open_;
  offered_.emplace(offered.entry.id, std::move(offered));
}

Awaitable<WireResult<void>> TransferSender::act_on(const AnswerFrame& frame) {
  switch (frame.decision) {
    case Decision::made: conclude(frame.id, TransferOutcome::stored, {}); co_return WireResult<void>();
    case Decision::unchanged: conclude(frame.id, TransferOutcome::unchanged, {}); co_return WireResult<void>();
    case Decision::refused: conclude(frame.id, TransferOutcome::refused, frame.text); co_return WireResult<void>();
    case Decision::failed: conclude(frame.id, TransferOutcome::failed, frame.text); co_return WireResult<void>();
    case Decision::take:
    case Decision::resume:
    case Decision::whole: break;
  }
  const auto found = offered_.find(frame.id);
  if (found == offered_.end()) co_return WireResult<void>();
  Offered& offered = found->second;
  offered.since = clock_.now();
  UniqueFd file(::open(offered.local.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  struct stat status{};
  std::string reason;
  if (!file || ::fstat(file.get(), &status) != 0) {
    reason = "read: " + reason_of(errno);
  } else if (!is_same_version(status, offered.entry)) {
    reason = "it changed since it was offered";
  }
  TreeDigest prefix;
  if (reason.empty() && frame.decision != Decision::take) {
    const std::uint64_t bytes = frame.decision == Decision::whole ? offered.entry.size : frame.offset;
    auto digest = co_await hash_beginning(executor_, hasher_, file.get(), bytes);
    if (digest) {
      prefix = std::move(*digest);
    } else {
      reason = "read: " + digest.error().code.message();
    }
  }
  if (!reason.empty()) {
    leave(frame.id, LeaveReason::unreadable);
    conclude(frame.id, TransferOutcome::failed, std::move(reason));
    co_return WireResult<void>();
  }
  const bool is_same = frame.decision != Decision::take && prefix.value() == frame.digest;
  if (frame.decision == Decision::whole && is_same) {
    offered.digest = frame.digest;
    state_.tally.advance(offered.entry.size);
    leave(frame.id, LeaveReason::identical);
    conclude(frame.id, TransferOutcome::unchanged, {});
    co_return WireResult<void>();
  }
  if (frame.decision == Decision::whole && !frame.replaces) {
    leave(frame.id, LeaveReason::differs);
    conclude(frame.id, TransferOutcome::refused, "it exists already, and differs");
    co_return WireResult<void>();
  }
  const bool resumes = frame.decision == Decision::resume && is_same;
  if (!resumes) prefix = TreeDigest();
  const std::uint64_t offset = resumes ? frame.offset : 0;
  co_return co_await send_file(offered, std::move(file), offset, std::move(prefix));
}

Awaitable<WireResult<void>> TransferSender::send_file(Offered& offered, UniqueFd descriptor, std::uint64_t offset,
                                                      TreeDigest prefix) {
  const TransferEntry entry = offered.entry;  // the offer goes away when the receiver has had enough
  offered.resumed_from = offset;
  offered.is_started = true;
  const StartFrame start{entry.id, offset};
  serialize(SenderFrame(start), wire_.output());
  hasher_.begin(std::move(prefix));
  state_.tally.advance(offset);
  File file;
  file.descriptor = std::move(descriptor);
  file.good_bytes = offset;
  sending_ = entry.id;
  sending_is_unwanted_ = false;
  for (std::uint64_t at = offset; at < entry.size && file.status == EndStatus::complete;) {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(kTransferChunkBytes, entry.size - at));
    auto sent = co_await send_chunk(file, at, bytes);
    if (!sent) {
      (void)hasher_.finish();  // it reads from the file
      co_return sent;
    }
    at += bytes;
    if (sending_is_unwanted_ || reader_trouble_) file.status = EndStatus::stopped;
  }
  sending_.reset();
  const auto digest = hasher_.finish();
  struct stat status{};
  if (file.status == EndStatus::complete && (!digest || ::fstat(file.descriptor.get(), &status) != 0)) {
    file.status = EndStatus::unreadable;
  }
  if (file.status == EndStatus::complete && !is_same_version(status, entry)) file.status = EndStatus::changed;
  EndFrame end;
  end.id = entry.id;
  end.status = file.status;
  end.size = file.good_bytes;
  if (digest) end.digest = digest->value();
  serialize(SenderFrame(end), wire_.output());
  if (sending_is_unwanted_) co_return WireResult<void>();
  if (const auto found = offered_.find(entry.id); found != offered_.end()) found->second.digest = end.digest;
  co_return WireResult<void>();
}

Awaitable<WireResult<void>> TransferSender::send_chunk(File& file, std::uint64_t offset, std::size_t bytes) {
  const DataFrame frame{static_cast<std::uint32_t>(bytes)};
  serialize(SenderFrame(frame), wire_.output());
  if (!wire_.is_plain() || bytes < kWorthSendfile) co_return co_await send_read_chunk(file, offset, bytes);
  auto flushed = co_await wire_.flush();
  if (!flushed) co_return flushed;
  hasher_.submit(file.descriptor.get(), offset, bytes);
  const auto sent = co_await wire_.send_file(file.descriptor.get(), offset, bytes);
  if (!sent) co_return std::unexpected(sent.error());
  file.good_bytes += *sent;
  state_.tally.move(bytes);
  if (*sent == bytes) co_return WireResult<void>();
  file.status = EndStatus::changed;
  const std::vector<std::byte> zeros(bytes - *sent);
  co_return co_await wire_.send_data(zeros);
}

Awaitable<WireResult<void>> TransferSender::send_read_chunk(File& file, std::uint64_t offset, std::size_t bytes) {
  const auto room = hasher_.buffer().first(bytes);
  const std::size_t have = read_all(file.descriptor.get(), offset, room);
  if (have < bytes) file.status = EndStatus::changed;
  file.good_bytes += have;
  hasher_.submit(bytes);
  state_.tally.move(bytes);
  if (bytes < kWorthSendfile) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(room.data());
    wire_.output().insert(wire_.output().end(), data, data + bytes);
    if (wire_.output().size() < kFlushBytes) co_return WireResult<void>();
    co_return co_await wire_.flush();
  }
  auto flushed = co_await wire_.flush();
  if (!flushed) co_return flushed;
  co_return co_await wire_.send_data(room);
}

// The deepest first: what is in a directory changes its time.
Awaitable<WireResult<void>> TransferSender::finish() {
  auto flushed = co_await wire_.flush();
  if (!flushed) co_return flushed;
  while (!offered_.empty() && !reader_trouble_) co_await news();
  for (const TransferEntry& entry : std::views::reverse(directories_)) {
    const DirectoryFrame frame{entry};
    serialize(SenderFrame(frame), wire_.output());
    if (wire_.output().size() < kFlushBytes) continue;
    flushed = co_await wire_.flush();
    if (!flushed) co_return flushed;
  }
  is_done_ = true;
  serialize(SenderFrame(DoneFrame()), wire_.output());
  flushed = co_await wire_.flush();
  if (!flushed) co_return flushed;
  while (!finished_ && !reader_trouble_) co_await news();
  if (reader_trouble_) co_return std::unexpected(*reader_trouble_);
  (void)co_await wire_.channel().finish_sending();
  co_return WireResult<void>();
}

void TransferSender::leave(std::uint32_t id, LeaveReason reason) {
  const LeaveFrame frame{id, reason};
  serialize(SenderFrame(frame), wire_.output());
}

void TransferSender::conclude(std::uint32_t id, TransferOutcome outcome, std::string reason) {
  const auto found = offered_.find(id);
  if (found == offered_.end()) return;
  Offered& offered = found->second;
  Transferred event = transferred(offered.entry);
  event.resumed_from = offered.resumed_from;
  event.outcome = outcome;
  event.reason = std::move(reason);
  event.elapsed = clock_.now() - offered.since;
  if (outcome != TransferOutcome::failed) event.digest = offered.digest;
  state_.concluded.insert(event.path);
  state_.tally.conclude(std::move(event));
  offered_.erase(found);
}

}  // namespace tcp::stream
