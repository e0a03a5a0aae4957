// SPDX-License-Identifier: MIT
// The relay over real descriptors: pipes, socket pairs and loopback connections, one step of the peer at a time.
#include "libtcp/stream/relay.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <numeric>
#include <string>
#include <thread>

#include "tests/unit/stream_support.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace tcp::stream::test;

TEST_CASE("our end first: the FIN goes out and the answer still arrives") {
  RelayFixture relay;
  const auto end = relay.run([&] {
    relay.input.write("question");
    relay.input.close();
    CHECK(relay.peer.read_all() == "question");
    relay.peer.write("answer");
    relay.peer.close();
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK(relay.output.read_all() == "answer");
  CHECK(relay.traffic.sent_bytes == 8);
  CHECK(relay.traffic.received_bytes == 6);
}

TEST_CASE("the peer's end first: the output ends and sending goes on") {
  RelayFixture relay;
  const auto end = relay.run([&] {
    relay.peer.write("greeting");
    relay.peer.shut_down_sending();
    CHECK(relay.output.read_all() == "greeting");  // returns only because the output has ended
    relay.input.write("late");
    relay.input.close();
    CHECK(relay.peer.read_all() == "late");
  });
  CHECK(end.reason == CloseReason::finished);
}

TEST_CASE("the peer's end is the end of it all where that is asked for") {
  RelayFixture relay;
  relay.options.finish_at_remote_end = true;
  const auto end = relay.run([&] {
    relay.input.write("said before");
    relay.peer.read_exactly(11);
    relay.peer.shut_down_sending();
    CHECK(relay.peer.read_all().empty());  // our FIN, although the input is still open
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK_FALSE(relay.input_ended);
}

TEST_CASE("a megabyte passes through pipes of a page, and a reader that stalls, unchanged") {
  const std::string payload = pattern(1 << 20);
  RelayFixture relay;
  ::fcntl(relay.input.fd(), F_SETPIPE_SZ, 4096);
  ::fcntl(relay.output.fd(), F_SETPIPE_SZ, 4096);
  std::string there;
  std::string back;
  const auto end = relay.run([&] {
    std::thread feeder([&] {
      relay.input.write(payload);
      relay.input.close();
    });
    std::thread reader([&] { back = relay.output.read_all(7); });  // seven bytes at a time
    there = relay.peer.read_all();
    relay.peer.write(payload);
    relay.peer.close();
    feeder.join();
    reader.join();
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK(there == payload);
  CHECK(back == payload);
}

TEST_CASE("a reset after data: the data is written, the failure is told") {
  RelayFixture relay;
  const auto end = relay.run([&] {
    relay.peer.write("last words");
    CHECK(relay.output.read_exactly(10) == "last words");
    relay.peer.reset();
  });
  CHECK(end.reason == CloseReason::connection_failed);
  CHECK(end.error == std::errc::connection_reset);
}

TEST_CASE("a reset that meets us sending is one failure, whichever side of us sees it first") {
  for (int round = 0; round < 20; ++round) {
    RelayFixture relay;
    const auto end = relay.run([&] {
      std::thread feeder([&] { relay.input.write_until_refused(pattern(1 << 16)); });
      relay.peer.read_exactly(1000);
      relay.peer.reset();
      relay.finished.wait();
      relay.input.close_reader();
      feeder.join();
    });
    CHECK(end.reason == CloseReason::connection_failed);
  }
}

TEST_CASE("a peer that closed while we still send is a failure, also when our last byte was already handed over") {
  RelayFixture relay;
  const auto end = relay.run([&] {
    relay.peer.shut_down_sending();
    CHECK(relay.output.read_all().empty());  // the relay has seen the FIN
    relay.peer.close();
    relay.input.write("for nobody");
    relay.input.close();
  });
  CHECK(end.reason == CloseReason::connection_failed);
}

TEST_CASE("a reader of the output that goes away ends it at once") {
  RelayFixture relay;
  const auto end = relay.run([&] { relay.output.close(); });
  CHECK(end.reason == CloseReason::output_failed);
  CHECK(end.error == std::errc::broken_pipe);
}

TEST_CASE("an output that is full is a failure of the output") {
  RelayFixture relay("/dev/full");
  const auto end = relay.run([&] { relay.peer.write("lost"); });
  CHECK(end.reason == CloseReason::output_failed);
  CHECK(end.error == std::errc::no_space_on_device);
}

TEST_CASE("no byte for the idle timeout") {
  RelayFixture relay;
  relay.options.idle_timeout = std::chrono::milliseconds(30);
  const auto end = relay.run([&] { relay.finished.wait(); });
  CHECK(end.reason == CloseReason::idle);
}

TEST_CASE("send only: what arrives is thrown away and the end is ours") {
  RelayFixture relay;
  relay.options.direction = Direction::send_only;
  const auto end = relay.run([&] {
    relay.peer.write("unwanted");
    relay.input.write("wanted");
    relay.input.close();
    CHECK(relay.peer.read_exactly(6) == "wanted");
    relay.finished.wait();
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK(relay.traffic.received_bytes == 0);
}

TEST_CASE("receive only: the input is left alone and no FIN goes out first") {
  RelayFixture relay;
  relay.options.direction = Direction::receive_only;
  const auto end = relay.run([&] {
    relay.input.write("not sent");
    relay.input.close();
    relay.peer.write("all");
    CHECK(relay.output.read_exactly(3) == "all");
    CHECK_FALSE(relay.peer.is_readable());
    relay.peer.shut_down_sending();
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK(relay.traffic.sent_bytes == 0);
}

TEST_CASE("flags of a description that others share are as they were") {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const UniqueFd shared(ends[0]);
  const UniqueFd other(ends[1]);
  const int before = ::fcntl(shared.get(), F_GETFL);
  {
    RunLoop loop;
    auto local = LocalFd::open(loop.executor(), shared.get(), O_RDONLY, "input");
    REQUIRE(local);
    CHECK((::fcntl(shared.get(), F_GETFL) & O_NONBLOCK) != 0);
  }
  CHECK(::fcntl(shared.get(), F_GETFL) == before);
}

TEST_CASE("a pipe that others share is never made non-blocking") {
  Pipe pipe;
  RunLoop loop;
  auto local = LocalFd::open(loop.executor(), pipe.reader(), O_RDONLY, "input");
  REQUIRE(local);
  CHECK((::fcntl(pipe.reader(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK((::fcntl(local->get(), F_GETFL) & O_NONBLOCK) != 0);
}
