// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "libtcp/trace/recorder.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestWait = 200ms;  // so that a signal that came just before the wait is noticed

// A full queue is a lost segment, which TCP knows how to mend.
bool is_passing(const Error& error) {
  return error.is(std::errc::no_buffer_space) || error.is(std::errc::resource_unavailable_try_again);
}

class ActiveRun {
 public:
  ActiveRun(const ActiveOptions& options, Network& network, const Clock& clock)
      : network_(network), clock_(clock), machine_(options, clock.now()), recorder_(handshake_) {
    handshake_.tuple = options.tuple;
    handshake_.technique = Technique::raw;
  }

  Handshake run(const StopFlag& stop) {
    send_all();
    while (!machine_.finished()) {
      if (stop.load(std::memory_order_relaxed)) machine_.abort(Outcome::interrupted, clock_.now());
      if (!machine_.finished()) step();
      send_all();
    }
    settle();
    return std::move(handshake_);
  }

 private:
  void step() {
    const MonotonicTime deadline = std::min(machine_.deadline(), clock_.now() + kLongestWait);
    auto seen = network_.receive(handshake_.tuple, deadline);
    if (!seen) {
      fail(std::move(seen).error());
    } else if (*seen) {
      take(**seen);
    }
    machine_.on_deadline(clock_.now());
  }

  void take(const Observation& seen) {
    if (const auto* answer = std::get_if<IcmpAnswer>(&seen.what)) {
      const Role role = seen.checksum_bad ? Role::bad_checksum : machine_.on_icmp(*answer, clock_.now());
      recorder_.add({seen.time, true, Party::network, role, *answer});
      return;
    }
    const auto& segment = std::get<Segment>(seen.what);
    if (seen.sent_by_us) {
      recorder_.seen_leaving(segment, seen.time);
      return;
    }
    const Role role = seen.checksum_bad ? Role::bad_checksum : machine_.on_segment(segment, clock_.now());
    recorder_.add({seen.time, true, Party::server, role, segment});
  }

  void send_all() {
    for (const Outgoing& outgoing : machine_.take_outgoing()) {
      const WallTime now = clock_.wall_now();
      auto sent = network_.send(handshake_.tuple, outgoing.segment);
      if (sent) {
        recorder_.sent(outgoing.role, outgoing.segment, now);
        continue;
      }
      recorder_.add({now, false, Party::client, Role::send_failed, sent.error()});
      if (is_passing(sent.error())) continue;
      fail(std::move(sent).error());
      return;
    }
  }

  void fail(Error error) {
    if (!handshake_.failure) handshake_.failure = std::move(error);
    machine_.abort(Outcome::failed, clock_.now());
  }

  void settle() {
    recorder_.finish();
    handshake_.outcome = machine_.outcome();
    handshake_.closing = machine_.closing();
    handshake_.simultaneous_open = machine_.simultaneous_open();
    handshake_.syn_count = machine_.syn_count();
    handshake_.bytes_received = machine_.bytes_received();
  }

  Network& network_;
  const Clock& clock_;
  ActiveHandshake machine_;
  Handshake handshake_;
  Recorder recorder_;
};

}  // namespace

Handshake run_active(const ActiveOptions& options, Network& network, const Clock& clock, const StopFlag& stop) {
  return ActiveRun(options, network, clock).run(stop);
}

}  // namespace tcp::trace
