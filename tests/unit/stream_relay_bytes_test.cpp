// SPDX-License-Identifier: MIT
// The relay with what may stand in the way of the bytes, over real descriptors.
#include <doctest/doctest.h>
#include <fcntl.h>

#include <string>
#include <thread>

#include "tests/unit/stream_support.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace tcp::stream::test;
using namespace std::chrono_literals;

TEST_CASE("CR LF for LF towards the peer, nothing changed towards us") {
  RelayFixture relay;
  relay.options.crlf = true;
  const auto end = relay.run([&] {
    relay.input.write("one\r");
    relay.peer.read_exactly(4);  // the two halves are read apart
    relay.input.write("\ntwo\n");
    relay.input.close();
    CHECK(relay.peer.read_all() == "\ntwo\r\n");
    relay.peer.write("a\nb\r\n");
    relay.peer.close();
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK(relay.output.read_all() == "a\nb\r\n");
  CHECK(relay.traffic.sent_bytes == 10);
}

TEST_CASE("so many bytes and no more, although both sides would go on") {
  RelayFixture relay;
  relay.options.until_bytes = 5;
  const auto end = relay.run([&] {
    relay.peer.write("12345678");
    relay.finished.wait();
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK(relay.traffic.received_bytes == 5);
  CHECK(relay.output.read_exactly(6) == "12345");
}

TEST_CASE("so many bytes over many steps") {
  const std::string payload = pattern(1 << 20);
  RelayFixture relay;
  relay.options.until_bytes = payload.size() - 1;
  std::string back;
  const auto end = relay.run([&] {
    std::thread reader([&] { back = relay.output.read_exactly(payload.size() - 1); });
    relay.peer.write(payload);
    reader.join();
    relay.finished.wait();
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK(back == payload.substr(0, payload.size() - 1));
}

TEST_CASE("a dialogue, until its reader stalls and somebody has more to say, loses nothing and stops where it must") {
  const std::string payload = pattern(1 << 16);
  RelayFixture relay;
  ::fcntl(relay.output.fd(), F_SETPIPE_SZ, 4096);
  relay.options.until_bytes = payload.size() - 1;
  std::string back;
  const auto end = relay.run([&] {
    std::size_t said = 0;
    for (; said < 3000; said += 300) {
      relay.peer.write(payload.substr(said, 300));
      back += relay.output.read_exactly(300);
      relay.input.write("yes");
      CHECK(relay.peer.read_exactly(3) == "yes");
    }
    for (; said < 12'000; said += 300) {
      relay.peer.write(payload.substr(said, 300));
      std::this_thread::sleep_for(1ms);  // each is a message of its own, and the output is full before the last
    }
    std::thread reader([&] { back += relay.output.read_exactly(payload.size() - 1 - back.size()); });
    relay.peer.write(payload.substr(said));
    reader.join();
    relay.finished.wait();
  });
  CHECK(end.reason == CloseReason::finished);
  CHECK(relay.traffic.received_bytes == payload.size() - 1);
  CHECK(relay.traffic.sent_bytes == 30);
  CHECK(back == payload.substr(0, payload.size() - 1));
}

TEST_CASE("a peer that ends before it has given what was wanted") {
  RelayFixture relay;
  relay.options.until_bytes = 5;
  const auto end = relay.run([&] {
    relay.input.write("said before");
    relay.peer.read_exactly(11);
    relay.peer.write("1234");
    relay.peer.shut_down_sending();
    CHECK(relay.peer.read_all().empty());  // although our input is still open
  });
  CHECK(end.reason == CloseReason::incomplete);
  CHECK(relay.output.read_all() == "1234");
}

TEST_CASE("the end after our end, although the peer says nothing") {
  RelayFixture relay;
  relay.options.quit_after = 20ms;
  const auto end = relay.run([&] {
    relay.input.write("all");
    relay.input.close();
    CHECK(relay.peer.read_all() == "all");
    relay.finished.wait();
  });
  CHECK(end.reason == CloseReason::finished);
}

TEST_CASE("the end after our end does not come before it") {
  RelayFixture relay;
  relay.options.quit_after = 0ms;
  const auto end = relay.run([&] {
    relay.peer.write("early");
    CHECK(relay.output.read_exactly(5) == "early");
    relay.input.write("all");
    CHECK(relay.peer.read_exactly(3) == "all");
    relay.input.close();
    relay.finished.wait();
  });
  CHECK(end.reason == CloseReason::finished);
}

TEST_CASE("a limited rate loses nothing, in either direction, moved by the kernel or not") {
  const std::string payload = pattern(300'000);
  for (const bool crlf : {false, true}) {
    RelayFixture relay;
    relay.options.rate_bytes_per_s = 5'000'000;
    relay.options.crlf = crlf;
    ::fcntl(relay.output.fd(), F_SETPIPE_SZ, 4096);
    const std::string sent(crlf ? std::string(payload.size(), 'x') : payload);
    std::string there;
    std::string back;
    const auto end = relay.run([&] {
      std::thread feeder([&] {
        relay.input.write(sent);
        relay.input.close();
      });
      std::thread reader([&] { back = relay.output.read_all(); });
      std::thread writer([&] {
        relay.peer.write(payload);
        relay.peer.shut_down_sending();
      });
      there = relay.peer.read_all();
      feeder.join();
      reader.join();
      writer.join();
    });
    CHECK(end.reason == CloseReason::finished);
    CHECK(there == sent);
    CHECK(back == payload);
  }
}

TEST_CASE("a direction that waits for its turn can be stopped") {
  RelayFixture relay;
  relay.options.line_delay = 1h;
  const auto end = relay.run([&] {
    relay.input.write("one\ntwo\n");
    CHECK(relay.peer.read_exactly(4) == "one\n");
    relay.peer.reset();
  });
  CHECK(end.reason == CloseReason::connection_failed);
}
