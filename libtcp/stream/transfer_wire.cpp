// SPDX-License-Identifier: MIT
#include "libtcp/stream/transfer_wire.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "libtcp/stream/socket_deadline.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kInputBytes = std::size_t{256} * 1024;
constexpr std::chrono::seconds kLastWords{10};
constexpr std::chrono::seconds kIntroduction{30};

std::string_view why_not(PrefaceVerdict verdict, TransferRole own) {
  const bool sends = own == TransferRole::sender;
  switch (verdict) {
    case PrefaceVerdict::good: break;
    case PrefaceVerdict::tls:
      return sends ? "the receiver speaks TLS: --code or --tls is missing here"
                   : "the sender speaks TLS: --code or --tls is missing here";
    case PrefaceVerdict::same_role:
      return sends ? "the peer wants to send files too" : "the peer wants to receive files too";
    case PrefaceVerdict::other_version: return "the peer speaks another version of the transfer protocol";
    case PrefaceVerdict::other_protocol:
      return sends ? "the peer is no 'tcpbox listen --receive'" : "the peer is no 'tcpbox connect --send-file'";
  }
  return {};
}

}  // namespace

// The socket is shut down when nothing has moved for too long, which ends all waits.
struct TransferWire::Watch : std::enable_shared_from_this<Watch> {
  Watch(const Executor& executor, int socket_to_watch, Duration patience_for_it, const Clock& clock_to_ask)
      : timer(executor), socket(socket_to_watch), patience(patience_for_it), clock(clock_to_ask), last(clock.now()) {}

  void arm() {
    timer.expires_at(last + patience);
    timer.async_wait([self = shared_from_this()](std::error_code error) {
      if (error || self->socket < 0) return;
      if (self->clock.now() < self->last + self->patience) return self->arm();
      self->passed = true;
      ::shutdown(self->socket, SHUT_RDWR);
    });
  }

  Timer timer;
  int socket;
  Duration patience;
  const Clock& clock;
  MonotonicTime last;
  bool passed = false;
};

TransferWire::TransferWire(const Executor& executor, Channel& channel, TransferRole own, Duration idle_timeout,
                           const Clock& clock)
    : executor_(executor), channel_(channel), own_(own), clock_(clock), input_(kInputBytes) {
  if (idle_timeout == Duration()) return;
  watch_ = std::make_shared<Watch>(executor, channel.socket(), idle_timeout, clock);
  watch_->arm();
}

TransferWire::~TransferWire() {
  if (!watch_) return;
  watch_->socket = -1;
  watch_->timer.cancel();
}

void TransferWire::note_activity() {
  if (watch_) watch_->last = clock_.now();
}

TransferError TransferWire::malformed(std::string why) const {
  const std::string peer = "transfer with " + to_string(channel_.addresses().remote);
  return {TransferTrouble::protocol, make_error(Errc::malformed, peer, std::move(why)).error()};
}

TransferError TransferWire::gave_up(const std::string& why) const {
  const char* const peer = own_ == TransferRole::sender ? "receiver" : "sender";
  TransferError said = malformed(std::string("the ") + peer + " gave up: " + why);
  said.trouble = TransferTrouble::aborted;
  return said;
}

TransferError TransferWire::broken(std::error_code code) const {
  if (watch_ && watch_->passed) {
    return {TransferTrouble::idle,
            make_error(Errc::timed_out, to_string(channel_.addresses().remote), "idle for too long").error()};
  }
  return {TransferTrouble::broken, channel_.receive_error(code)};
}

TransferError TransferWire::ended() const {
  if (watch_ && watch_->passed) return broken({});
  Error error = channel_.receive_error(std::make_error_code(std::errc::connection_aborted));
  error.detail = "the peer ended in the middle of the transfer";
  return {TransferTrouble::broken, std::move(error)};
}

Awaitable<WireResult<void>> TransferWire::introduce() {
  const SocketDeadline deadline(executor_, channel_.socket(), clock_.now() + kIntroduction);
  output_ = transfer_preface(own_);
  auto sent = co_await flush();
  if (!sent) co_return sent;
  auto there = co_await need(kTransferPrefaceBytes);
  if (!there && deadline.has_passed()) {
    co_return std::unexpected(malformed("the peer says nothing: is it a transfer of files?"));
  }
  const std::size_t have = input_end_ - input_begin_;
  const bool starts_wrongly = have >= 2 && (input_[input_begin_] != 't' || input_[input_begin_ + 1] != 'c');
  if (!there && have == 0 && there.error().trouble == TransferTrouble::broken) {
    there.error().error.detail = "the peer ended before it said anything: does it want --code or --tls?";
  }
  if (!there && !starts_wrongly) co_return there;
  std::array<std::uint8_t, kTransferPrefaceBytes> preface{};
  std::copy_n(input_.begin() + static_cast<std::ptrdiff_t>(input_begin_), std::min(have, preface.size()),
              preface.begin());
  const PrefaceVerdict verdict = judge_preface(preface, own_);
  if (verdict != PrefaceVerdict::good) co_return std::unexpected(malformed(std::string(why_not(verdict, own_))));
  input_begin_ += kTransferPrefaceBytes;
  co_return WireResult<void>();
}

Awaitable<WireResult<void>> TransferWire::need(std::size_t bytes) {
  while (input_end_ - input_begin_ < bytes) {
    if (input_begin_ > 0) {
      std::memmove(input_.data(), input_.data() + input_begin_, input_end_ - input_begin_);
      input_end_ -= input_begin_;
      input_begin_ = 0;
    }
    const auto room = std::as_writable_bytes(std::span(input_).subspan(input_end_));
    const IoResult some = co_await channel_.receive(room);
    if (!some) co_return std::unexpected(broken(some.error()));
    if (*some == 0) co_return std::unexpected(ended());
    input_end_ += *some;
    note_activity();
  }
  co_return WireResult<void>();
}

Awaitable<WireResult<TransferHeader>> TransferWire::receive_frame() {
  auto there = co_await need(kTransferHeaderBytes);
  if (!there) co_return std::unexpected(std::move(there).error());
  const TransferRole peer = own_ == TransferRole::sender ? TransferRole::receiver : TransferRole::sender;
  const auto header = parse_transfer_header(
      std::span<const std::uint8_t, kTransferHeaderBytes>(input_.data() + input_begin_, kTransferHeaderBytes), peer);
  if (!header) co_return std::unexpected(malformed("the peer sent a frame that does not exist"));
  input_begin_ += kTransferHeaderBytes;
  body_.clear();
  if (is_data(*header)) co_return *header;
  there = co_await need(header->bytes);
  if (!there) co_return std::unexpected(std::move(there).error());
  const auto begin = input_.begin() + static_cast<std::ptrdiff_t>(input_begin_);
  body_.assign(begin, begin + header->bytes);
  input_begin_ += header->bytes;
  co_return *header;
}

Awaitable<WireResult<void>> TransferWire::receive_data(std::span<std::byte> room) {
  const std::size_t have = std::min(room.size(), input_end_ - input_begin_);
  std::memcpy(room.data(), input_.data() + input_begin_, have);
  input_begin_ += have;
  room = room.subspan(have);
  while (!room.empty()) {
    const IoResult some = co_await channel_.receive(room);
    if (!some) co_return std::unexpected(broken(some.error()));
    if (*some == 0) co_return std::unexpected(ended());
    room = room.subspan(*some);
    note_activity();
  }
  co_return WireResult<void>();
}

Awaitable<WireResult<void>> TransferWire::send_all(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const IoResult some = co_await channel_.send(bytes);
    if (!some) co_return std::unexpected(broken(some.error()));
    bytes = bytes.subspan(*some);
    note_activity();
  }
  co_return WireResult<void>();
}

// What is added to the output meanwhile waits for the next time.
Awaitable<WireResult<void>> TransferWire::flush() {
  sending_.clear();
  std::swap(sending_, output_);
  auto sent = co_await send_all(std::as_bytes(std::span(sending_)));
  co_return sent;
}

Awaitable<WireResult<void>> TransferWire::send_data(std::span<const std::byte> bytes) {
  auto sent = co_await send_all(bytes);
  co_return sent;
}

Awaitable<WireResult<std::size_t>> TransferWire::send_file(int file, std::uint64_t offset, std::size_t bytes) {
  ReadyFd* const socket = channel_.sink().ready;
  std::size_t done = 0;
  while (done < bytes) {
    auto position = static_cast<off_t>(offset + done);
    const ssize_t some = ::sendfile(socket->get(), file, &position, bytes - done);
    if (some == 0) break;
    if (some > 0) {
      done += static_cast<std::size_t>(some);
      note_activity();
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EIO) break;  // the file's: its hash fails for the same reason
    if (errno != EAGAIN) co_return std::unexpected(broken({errno, std::generic_category()}));
    const std::error_code error = co_await socket->writable();
    if (error) co_return std::unexpected(broken(error));
  }
  co_return done;
}

Awaitable<void> TransferWire::give_up(std::string why) {
  const SocketDeadline deadline(executor_, channel_.socket(), clock_.now() + kLastWords);
  const AbortFrame frame{std::move(why)};
  if (own_ == TransferRole::sender) {
    serialize(SenderFrame(frame), output_);
  } else {
    serialize(ReceiverFrame(frame), output_);
  }
  auto sent = co_await flush();
  if (!sent) co_return;
  (void)co_await channel_.finish_sending();
  if (own_ == TransferRole::sender) co_return;  // somebody else reads what comes, and that is little
  const auto room = std::as_writable_bytes(std::span(input_));
  for (;;) {
    const IoResult some = co_await channel_.receive(room);
    if (!some || *some == 0) co_return;
  }
}

}  // namespace tcp::stream
