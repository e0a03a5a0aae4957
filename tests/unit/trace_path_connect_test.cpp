// SPDX-License-Identifier: MIT
// A path trace by the kernel's connect(), towards a port of loopback at which nothing is answered.
#include <doctest/doctest.h>

#include <sys/socket.h>

#include <atomic>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/trace/path_connect.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;

namespace {

UniqueFd make_socket() { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// A listener whose queue is full: Linux drops further SYNs.
class DeafPort {
 public:
  DeafPort() {
    const SocketAddress any = to_socket_address({IpAddress::v4(0x7f000001), 0});
    REQUIRE(::bind(listener_.get(), any.get(), any.length) == 0);
    REQUIRE(::listen(listener_.get(), 0) == 0);
    SocketAddress bound;
    bound.length = sizeof bound.storage;
    REQUIRE(::getsockname(listener_.get(), bound.get(), &bound.length) == 0);
    endpoint = from_socket_address(bound.get(), bound.length).value();
    for (UniqueFd& client : clients_) (void)::connect(client.get(), bound.get(), bound.length);
  }
  Endpoint endpoint;

 private:
  UniqueFd listener_ = make_socket();
  UniqueFd clients_[2] = {make_socket(), make_socket()};
};

class CountingClock final : public Clock {
 public:
  MonotonicTime now() const override {
    ++readings;
    return SystemClock().now();
  }
  WallTime wall_now() const override { return SystemClock().wall_now(); }
  mutable std::atomic<unsigned> readings = 0;
};

}  // namespace

TEST_CASE("while all sockets wait for an answer so do we") {
  const DeafPort port;
  const CountingClock clock;
  const StopFlag stop{false};
  PathPlanOptions options;
  options.pace = 1ms;
  options.timeout = 300ms;
  const Path path = run_path_connect(port.endpoint, options, {}, clock, stop);
  CHECK(path.probes.size() == 90);
  CHECK(end_of(path).outcome == PathOutcome::silent);
  CHECK(clock.readings < 90 * 20);  // a handful for each probe
}
