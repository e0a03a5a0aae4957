// SPDX-License-Identifier: MIT
// Pipes and connections whose other ends a test holds.
#pragma once

#include <functional>
#include <future>
#include <string>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/local_end.hpp"
#include "libtcp/stream/relay.hpp"
#include "libtcp/stream/run_loop.hpp"

namespace tcp::stream::test {

// `size` bytes that repeat with no power of two.
[[nodiscard]] std::string pattern(std::size_t size);

// The test's end of something. Every wait is bounded; a test that waits too long fails by what it then reads.
class End {
 public:
  explicit End(UniqueFd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  void write(std::string_view text);
  [[nodiscard]] std::string read_all(std::size_t at_a_time = 65536);
  std::string read_exactly(std::size_t size);
  [[nodiscard]] bool is_readable() const;
  void close() { fd_.reset(); }
  // Sockets only.
  void shut_down_sending();
  void reset();

 protected:
  UniqueFd fd_;
};

class Pipe {
 public:
  Pipe();
  [[nodiscard]] int reader() const noexcept { return reader_.get(); }
  [[nodiscard]] int writer() const noexcept { return writer_.get(); }
  UniqueFd reader_;
  UniqueFd writer_;
};

// The writing end of the pipe that the relay reads.
class Feeder : public End {
 public:
  explicit Feeder(Pipe& pipe) : End(std::move(pipe.writer_)), pipe_(pipe) {}
  // Again and again, until the reading end is closed.
  void write_until_refused(const std::string& text);
  void close_reader() { pipe_.reader_.reset(); }

 private:
  Pipe& pipe_;
};

struct TcpPair {
  UniqueFd ours;  // non-blocking
  UniqueFd theirs;
};
[[nodiscard]] TcpPair connect_pair();

// A relay between two pipes and a loopback connection; its other ends are the test's.
class RelayFixture {
 public:
  // An output other than a pipe: a path to open for writing.
  explicit RelayFixture(const std::string& output_path = {});

  // Runs the relay; `peer_side` runs beside it in another thread.
  RelayEnd run(const std::function<void()>& peer_side);

 private:
  RelayEnd relay_to_the_end();

  Pipe input_pipe_;
  Pipe output_pipe_;
  UniqueFd output_file_;
  TcpPair pair_;
  std::promise<void> done_;

 public:
  Feeder input;
  End output;
  End peer;
  RelayOptions options;
  Traffic traffic;
  bool input_ended = false;
  std::future<void> finished;  // ready when the relay has ended
};

}  // namespace tcp::stream::test
