// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <thread>

#include "libtcp/stream/socket.hpp"
#include "tests/unit/stream_support.hpp"

namespace tcp::stream::test {
namespace {

constexpr int kPatienceMilliseconds = 20'000;

bool wait_for(int fd, short events) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, kPatienceMilliseconds) == 1;
}

Awaitable<void> relay_once(Relay& relay, RelayEnd& end) { end = co_await relay.run(); }

}  // namespace

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i % 251);
  return text;
}

void End::write(std::string_view text) {
  while (!text.empty() && wait_for(fd(), POLLOUT)) {
    const ssize_t some = ::write(fd(), text.data(), text.size());
    if (some <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(some));
  }
}

std::string End::read_all(std::size_t at_a_time) {
  std::string all;
  std::string some(at_a_time, '\0');
  while (wait_for(fd(), POLLIN)) {
    const ssize_t count = ::read(fd(), some.data(), some.size());
    if (count <= 0) return all;
    all.append(some, 0, static_cast<std::size_t>(count));
  }
  return all + " (and then nothing for too long)";
}

std::string End::read_exactly(std::size_t size) {
  std::string all(size, '\0');
  std::size_t have = 0;
  while (have < size && wait_for(fd(), POLLIN)) {
    const ssize_t count = ::read(fd(), all.data() + have, size - have);
    if (count <= 0) break;
    have += static_cast<std::size_t>(count);
  }
  return all.substr(0, have);
}

bool End::is_readable() const {
  pollfd entry{fd(), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

void End::shut_down_sending() { ::shutdown(fd(), SHUT_WR); }

// A close with a linger time of zero is an abort (RFC 9293 §3.10.5).
void End::reset() {
  const linger abort{1, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  close();
}

Pipe::Pipe() {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  reader_ = UniqueFd(ends[0]);
  writer_ = UniqueFd(ends[1]);
}

void Feeder::write_until_refused(const std::string& text) {
  while (wait_for(fd(), POLLOUT) && ::write(fd(), text.data(), text.size()) > 0) {
  }
}

TcpPair connect_pair() {
  auto listener = open_tcp_socket(Family::v4);
  REQUIRE(listener);
  REQUIRE(bind_socket(listener->get(), {IpAddress::loopback(Family::v4), 0}));
  REQUIRE(::listen(listener->get(), 1) == 0);
  const SocketAddress address = to_socket_address(local_endpoint(listener->get()));
  UniqueFd theirs(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(theirs.get(), address.get(), address.length) == 0);
  UniqueFd ours(::accept4(listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  REQUIRE(ours);
  return {std::move(ours), std::move(theirs)};
}

RelayFixture::RelayFixture(const std::string& output_path)
    : pair_(connect_pair()),
      input(input_pipe_),
      output(std::move(output_pipe_.reader_)),
      peer(std::move(pair_.theirs)),
      finished(done_.get_future()) {
  std::signal(SIGPIPE, SIG_IGN);
  if (output_path.empty()) return;
  output_file_ = UniqueFd(::open(output_path.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(output_file_);
}

RelayEnd RelayFixture::run(const std::function<void()>& peer_side) {
  std::thread peer_thread(peer_side);
  const RelayEnd end = relay_to_the_end();
  done_.set_value();
  peer_thread.join();
  return end;
}

// Whatever the relay held is closed when this returns: its peers may be waiting for just that.
RelayEnd RelayFixture::relay_to_the_end() {
  const SystemClock clock;
  RunLoop loop;
  LocalDescriptors descriptors;
  descriptors.input = input_pipe_.reader();
  descriptors.output = output_file_ ? output_file_.get() : output_pipe_.writer();
  auto local = LocalEnd::open(loop.executor(), descriptors);
  REQUIRE(local);
  auto channel = make_plain_channel(loop.executor(), std::move(pair_.ours));
  REQUIRE(channel);
  RelayEnd end;
  Relay relay(loop.executor(), **channel, *local, options, clock, traffic);
  const int signal = loop.run(relay_once(relay, end));
  CHECK(signal == 0);
  input_ended = local->has_ended();
  return end;
}

}  // namespace tcp::stream::test
