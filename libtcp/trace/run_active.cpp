// SPDX-License-Identifier: MIT
#include <algorithm>

#include "libtcp/trace/active_session.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestWait = 200ms;  // so that a signal that came just before the wait is noticed

void step(ActiveSession& session, Network& network, const Clock& clock) {
  const MonotonicTime deadline = std::min(session.deadline(), clock.now() + kLongestWait);
  auto seen = network.receive(session.tuple(), deadline);
  if (!seen) {
    session.fail(std::move(seen).error());
  } else if (*seen) {
    session.take(**seen);
  }
  session.on_deadline();
}

}  // namespace

Handshake run_active(const ActiveOptions& options, Network& network, const Clock& clock, const StopFlag& stop) {
  ActiveSession session(options, clock);
  session.send_all(network);
  while (!session.finished()) {
    if (stop.load(std::memory_order_relaxed)) session.stop();
    if (!session.finished()) step(session, network, clock);
    session.send_all(network);
  }
  return session.settle();
}

}  // namespace tcp::trace
