// SPDX-License-Identifier: MIT
#include "libtcp/stream/pair_flow.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <limits>

#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/copy_mover.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr unsigned kStepsAtATime = 16;    // then the others have their turn
constexpr std::size_t kShortStep = 4096;  // less than this at a time is a dialogue: nothing more is there yet
constexpr std::uint64_t kUnbounded = std::numeric_limits<std::uint64_t>::max();

MoverEnd mover_end(const PairEnd& end) { return {end.socket.get(), DescriptorKind::socket}; }

// The first failure is the one that counts; what follows is its consequence.
void note_failure(ForwardPair& pair, Side side, CloseReason reason, std::error_code error) {
  if (std::exchange(pair.has_failed, true)) return;
  pair.reason = reason;
  pair.error = connection_error(pair.remote(side), error);
}

void fail_reading(ForwardPair& pair, Side side, std::error_code error) {
  note_failure(pair, side, side == Side::client ? CloseReason::connection_failed : CloseReason::input_failed, error);
  pair.is_over = true;
}

// Whoever takes nothing any more may have said something before.
void fail_writing(ForwardPair& pair, Side side, std::error_code error) {
  note_failure(pair, side, side == Side::client ? CloseReason::connection_failed : CloseReason::output_failed, error);
  PairEnd& source = pair.end(opposite(side));
  source.way = WayState::over;
  source.mover.reset();
  if (!is_gone(error) || pair.end(side).way == WayState::over) pair.is_over = true;
}

// The last FIN of a pair goes with the close.
void end_way(ForwardPair& pair, Side from) {
  PairEnd& source = pair.end(from);
  source.way = WayState::over;
  source.mover.reset();
  if (pair.has_failed || pair.has_moved_all()) {
    pair.is_over = true;
    return;
  }
  const Side to = opposite(from);
  if (::shutdown(pair.end(to).socket.get(), SHUT_WR) == 0 || errno == ENOTCONN) return;
  fail_writing(pair, to, {errno, std::generic_category()});
}

// True when there may be more to do at once.
bool take_step(ForwardPair& pair, Side from, bool& has_moved) {
  PairEnd& source = pair.end(from);
  const StepResult result = source.mover->step(kUnbounded);
  const std::error_code error(result.error_number, std::generic_category());
  switch (result.step) {
    case Step::moved:
      (from == Side::client ? pair.traffic.received_bytes : pair.traffic.sent_bytes) += result.bytes;
      has_moved = has_moved || result.bytes > 0;
      source.way = source.mover->is_empty() ? WayState::reads : WayState::writes;
      return source.way == WayState::writes || result.bytes >= kShortStep;
    case Step::input_blocked: source.way = WayState::reads; return false;
    case Step::blocked:
    case Step::output_blocked: source.way = WayState::writes; return false;
    case Step::ended: end_way(pair, from); return false;
    case Step::input_failed: fail_reading(pair, from, error); return false;
    case Step::output_failed: fail_writing(pair, opposite(from), error); return false;
    case Step::unsupported: source.mover = make_copy_mover(source.socket.get(), pair.end(opposite(from)).socket.get());
  }
  return true;
}

}  // namespace

void open_ways(ForwardPair& pair) {
  for (const Side side : {Side::client, Side::target}) {
    PairEnd& source = pair.end(side);
    source.mover = make_mover(mover_end(source), mover_end(pair.end(opposite(side))));
    source.way = WayState::reads;
  }
}

bool flow(ForwardPair& pair, Side from) {
  bool has_moved = false;
  for (unsigned i = 0; i < kStepsAtATime; ++i) {
    if (!take_step(pair, from, has_moved)) break;
  }
  return has_moved;
}

// Nothing is noted while there may be something to read: reading tells. After its FIN the kernel calls a reset EPIPE.
void note_gone(ForwardPair& pair, Side side) {
  if (pair.end(side).way != WayState::over) return;
  const std::error_code error = pending_error(pair.end(side).socket.get());
  if (error) fail_writing(pair, side, is_gone(error) ? std::make_error_code(std::errc::connection_reset) : error);
}

std::uint32_t wanted_events(const ForwardPair& pair, Side side) noexcept {
  std::uint32_t events = 0;
  if (pair.end(side).way == WayState::reads) events |= EPOLLIN;
  if (pair.end(opposite(side)).way == WayState::writes) events |= EPOLLOUT;
  return events;
}

}  // namespace tcp::stream
