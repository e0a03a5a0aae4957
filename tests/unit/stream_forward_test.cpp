// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "libtcp/stream/copy_mover.hpp"
#include "libtcp/stream/forwarder.hpp"
#include "libtcp/stream/pair_flow.hpp"
#include "tests/unit/stream_support.hpp"

namespace tcp::stream {
namespace {

// A pair whose client and target the test plays.
struct Played {
  Played() : Played(test::connect_pair(), test::connect_pair()) {}
  Played(test::TcpPair client_side, test::TcpPair target_side)
      : client(std::move(client_side.theirs)), target(std::move(target_side.theirs)) {
    pair.end(Side::client).socket = std::move(client_side.ours);
    pair.end(Side::target).socket = std::move(target_side.ours);
    open_ways(pair);
  }
  test::End client;
  test::End target;
  ForwardPair pair;
};

TEST_CASE("what one side says, the other hears; each way is counted") {
  Played played;
  CHECK(wanted_events(played.pair, Side::client) == EPOLLIN);
  played.client.write("question");
  CHECK(flow(played.pair, Side::client));
  CHECK(played.target.read_exactly(8) == "question");
  played.target.write("an answer");
  CHECK(flow(played.pair, Side::target));
  CHECK(played.client.read_exactly(9) == "an answer");
  CHECK(played.pair.traffic.received_bytes == 8);
  CHECK(played.pair.traffic.sent_bytes == 9);
  CHECK_FALSE(flow(played.pair, Side::client));
}

TEST_CASE("each way ends by itself, and the pair with the second") {
  Played played;
  played.target.shut_down_sending();
  flow(played.pair, Side::target);
  CHECK(played.client.read_all().empty());
  CHECK_FALSE(played.pair.is_over);
  CHECK(wanted_events(played.pair, Side::target) == 0);
  played.client.write("more");
  flow(played.pair, Side::client);
  CHECK(played.target.read_exactly(4) == "more");
  played.client.shut_down_sending();
  flow(played.pair, Side::client);
  CHECK(played.pair.is_over);
  CHECK_FALSE(played.pair.has_failed);
}

TEST_CASE("a reset ends both ways after what had arrived before it") {
  for (const Side side : {Side::client, Side::target}) {
    Played played;
    test::End& leader = side == Side::client ? played.client : played.target;
    test::End& follower = side == Side::client ? played.target : played.client;
    leader.write("half of it");
    flow(played.pair, side);
    leader.reset();
    flow(played.pair, side);
    CHECK(follower.read_exactly(10) == "half of it");
    CHECK(played.pair.is_over);
    CHECK(played.pair.has_failed);
    CHECK(played.pair.reason == (side == Side::client ? CloseReason::connection_failed : CloseReason::input_failed));
    CHECK(played.pair.error->is(std::errc::connection_reset));
  }
}

TEST_CASE("a side that is reset after its end is noticed though nothing is wanted of it") {
  Played played;
  played.client.shut_down_sending();
  flow(played.pair, Side::client);
  note_gone(played.pair, Side::client);
  CHECK_FALSE(played.pair.is_over);
  played.client.reset();
  note_gone(played.pair, Side::client);
  CHECK(played.pair.is_over);
  CHECK(played.pair.error->is(std::errc::connection_reset));
}

TEST_CASE("a side that takes nothing is waited for, and the other not read meanwhile") {
  Played played;
  std::size_t sent = 0;
  const std::string piece = test::pattern(1 << 16);
  for (;;) {
    const ssize_t some = ::send(played.client.fd(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (some > 0) sent += static_cast<std::size_t>(some);
    const bool moved = flow(played.pair, Side::client);
    if (some <= 0 && !moved) break;
  }
  CHECK(wanted_events(played.pair, Side::client) == 0);
  CHECK(wanted_events(played.pair, Side::target) == (EPOLLIN | EPOLLOUT));
  CHECK(played.pair.traffic.received_bytes < sent);
}

TEST_CASE("copying holds what the output does not take, and nothing afterwards") {
  test::TcpPair in = test::connect_pair();
  test::TcpPair out = test::connect_pair();
  test::End source(std::move(in.theirs));
  test::End sink(std::move(out.theirs));
  const auto mover = make_copy_mover(in.ours.get(), out.ours.get());
  CHECK(mover->step(100).step == Step::input_blocked);
  const std::string piece = test::pattern(1 << 16);
  std::string want;
  StepResult result;
  while (mover->is_empty()) {
    source.write(piece);
    want += piece;
    do {
      result = mover->step(~std::uint64_t{0});
    } while (result.step == Step::moved);
    REQUIRE((result.step == Step::input_blocked || result.step == Step::output_blocked));
  }
  std::string got;
  while (got.size() < want.size()) {
    got += sink.read_exactly(std::min<std::size_t>(want.size() - got.size(), 4096));
    while (mover->step(~std::uint64_t{0}).step == Step::moved) {
    }
  }
  CHECK(got == want);
  CHECK(mover->is_empty());
  source.shut_down_sending();
  CHECK(mover->step(1).step == Step::ended);
}

TEST_CASE("who waits for a time of its own is woken in the order of the times") {
  ForwardPair first;
  ForwardPair second;
  WakeQueue<ForwardPair> wakes;
  const MonotonicTime start{};
  CHECK(wakes.deadline() == MonotonicTime::max());
  wakes.set(first, first.wake, start + std::chrono::seconds(2));
  wakes.set(second, second.wake, start + std::chrono::seconds(1));
  CHECK(&wakes.front() == &second);
  wakes.set(second, second.wake, start + std::chrono::seconds(3));
  CHECK(&wakes.front() == &first);
  CHECK(wakes.deadline() == start + std::chrono::seconds(2));
  wakes.set(first, first.wake, MonotonicTime::max());
  wakes.remove(second.wake);
  wakes.remove(second.wake);
  CHECK(wakes.deadline() == MonotonicTime::max());
}

TEST_CASE("only forwarding that leaves the bytes alone needs no conversations") {
  ListenOptions options;
  CHECK_FALSE(is_plain_forwarding(options));
  options.forward.emplace().targets.resize(2);
  CHECK(is_plain_forwarding(options));
  const auto without = [&](auto change) {
    ListenOptions changed = options;
    change(changed);
    return is_plain_forwarding(changed);
  };
  CHECK(without([](ListenOptions& it) { it.relay.idle_timeout = std::chrono::seconds(1); }));
  CHECK_FALSE(without([](ListenOptions& it) { it.tls.emplace(); }));
  CHECK_FALSE(without([](ListenOptions& it) { it.forward->targets[1].tls.emplace(); }));
  CHECK_FALSE(without([](ListenOptions& it) { it.forward->targets[1].socket.multipath = true; }));
  CHECK_FALSE(without([](ListenOptions& it) { it.relay.crlf = true; }));
  CHECK_FALSE(without([](ListenOptions& it) { it.relay.until_bytes = 1; }));
  CHECK_FALSE(without([](ListenOptions& it) { it.relay.quit_after = std::chrono::seconds(1); }));
  CHECK_FALSE(without([](ListenOptions& it) { it.relay.rate_bytes_per_s = 1; }));
  CHECK_FALSE(without([](ListenOptions& it) { it.relay.line_delay = std::chrono::seconds(1); }));
  CHECK_FALSE(without([](ListenOptions& it) { it.relay.progress_interval = std::chrono::seconds(1); }));
  CHECK_FALSE(without([](ListenOptions& it) { it.relay.tap_sources.push_back(nullptr); }));
}

}  // namespace
}  // namespace tcp::stream
