// SPDX-License-Identifier: MIT
// The parts of --exec that need no connection: the environment, the program's file, a process and its end.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>

#include "libtcp/stream/child.hpp"
#include "libtcp/stream/child_end.hpp"
#include "libtcp/stream/child_environment.hpp"
#include "libtcp/stream/program.hpp"
#include "libtcp/stream/run_loop.hpp"
#include "libtcp/stream/spawn.hpp"
#include "tests/unit/stream_support.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace tcp::stream::test;

namespace {

bool holds(const std::vector<std::string>& list, const std::string& variable) {
  return std::ranges::find(list, variable) != list.end();
}

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::any_of(list, [&](const std::string& each) { return each.starts_with(name + "="); });
}

Endpoint endpoint(const char* address, std::uint16_t port) { return {*parse_ip_address(address), port}; }

// A child whose input and output are pipes that the test holds.
struct Running {
  explicit Running(std::vector<std::string> program) {
    SpawnRequest request;
    request.path = *find_program(program.front());
    request.arguments = std::move(program);
    request.environment = {"PATH=/usr/bin:/bin"};
    request.input = input.reader();
    request.output = output.writer();
    request.error = output.writer();
    auto started = Child::start(loop.executor(), request);
    REQUIRE(started);
    child.emplace(std::move(*started));
    input.reader_.reset();
    output.writer_.reset();
  }

  RunLoop loop;
  Pipe input;
  Pipe output;
  std::optional<Child> child;
};

}  // namespace

TEST_CASE("the environment tells of a TCP connection, and of no other one") {
  const std::vector<std::string> inherited{"HOME=/root", "TCPREMOTEIP=192.0.2.9", "NCAT_X=1", "SOCAT_Y=2",
                                           "TCPBOX_Z=3", "PROTOTYPE=kept"};
  const auto list =
      make_child_environment(inherited, {endpoint("2001:db8::1", 80), endpoint("2001:db8::2:3", 40000)}, 17);
  for (const char* variable :
       {"HOME=/root", "PROTOTYPE=kept", "TCPBOX_CONNECTION=17", "TCPBOX_PROTOCOL=TCP",
        "TCPBOX_LOCAL_ADDRESS=2001:db8::1", "TCPBOX_LOCAL_PORT=80", "TCPBOX_REMOTE_ADDRESS=2001:db8::2:3",
        "TCPBOX_REMOTE_PORT=40000", "SOCAT_PEERADDR=[2001:0db8:0000:0000:0000:0000:0002:0003]",
        "NCAT_REMOTE_ADDR=2001:db8::2:3", "TCPREMOTEIP=2001:db8::2:3", "PROTO=TCP"}) {
    CAPTURE(variable);
    CHECK(holds(list, variable));
  }
  for (const char* name : {"NCAT_X", "SOCAT_Y", "TCPBOX_Z"}) CHECK_FALSE(names(list, name));
  CHECK_FALSE(holds(list, "TCPREMOTEIP=192.0.2.9"));
}

TEST_CASE("a Unix-domain connection has paths and no ports") {
  const auto list = make_child_environment({}, {UnixName{"/run/x"}, UnixName{}}, 1);
  for (const char* variable :
       {"TCPBOX_PROTOCOL=UNIX", "TCPBOX_LOCAL_ADDRESS=unix:/run/x",
        "TCPBOX_REMOTE_ADDRESS=unix:", "SOCAT_SOCKADDR=/run/x", "PROTO=UNIX", "UNIXLOCALPATH=/run/x"}) {
    CAPTURE(variable);
    CHECK(holds(list, variable));
  }
  CHECK_FALSE(names(list, "TCPBOX_REMOTE_PORT"));
  CHECK_FALSE(names(list, "TCPREMOTEIP"));
}

TEST_CASE("a program is found in PATH, or is a path") {
  CHECK(find_program("/bin/sh") == "/bin/sh");
  CHECK(find_program("sh"));
  CHECK(find_program("no-such-program").error().message() == "run no-such-program: No such file or directory");
  CHECK(find_program("").error().is(std::errc::no_such_file_or_directory));
  CHECK(find_program("/").error().is(std::errc::permission_denied));
  CHECK(find_program("/etc/passwd").error().message() == "run /etc/passwd: Permission denied");
}

TEST_CASE("what execve refuses is an error of ours, and no process stays") {
  Pipe pipe;
  SpawnRequest request;
  request.path = "/etc/passwd";
  request.arguments = {"words", "more"};
  request.input = pipe.reader();
  request.output = pipe.writer();
  request.error = pipe.writer();
  const auto spawned = spawn(request);
  REQUIRE_FALSE(spawned);
  CHECK(spawned.error().message() == "run words: Permission denied");
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("a child ends and says how") {
  for (const auto& [command, code, signal] :
       {std::tuple("exit 5", std::optional(5), std::optional<int>()),
        std::tuple("kill -KILL $$", std::optional<int>(), std::optional(SIGKILL))}) {
    Running running({"sh", "-c", command});
    CHECK(running.loop.run(running.child->ended()) == 0);
    REQUIRE(running.child->exit());
    CHECK(running.child->exit()->code == code);
    CHECK(running.child->exit()->signal == signal);
    CHECK(running.child->is_gone());
  }
}

TEST_CASE("a stubborn group is killed, a stopped one as well") {
  for (const char* command : {"trap '' HUP TERM; echo; while :; do sleep 1; done", "echo; kill -STOP $$"}) {
    Running running({"sh", "-c", command});
    test::End output(std::move(running.output.reader_));
    CHECK(output.read_exactly(1) == "\n");
    CHECK(running.loop.run(running.child->end_group()) == 0);
    REQUIRE(running.child->exit());
    CHECK(running.child->exit()->signal);
  }
}

TEST_CASE("many groups end at once, without an event loop") {
  std::vector<std::unique_ptr<Running>> all;
  std::vector<Child*> children;
  for (int i = 0; i < 5; ++i) {
    all.push_back(std::make_unique<Running>(std::vector<std::string>{"sleep", "1000"}));
    children.push_back(&*all.back()->child);
  }
  end_groups(children);
  for (const Child* child : children) {
    REQUIRE(child->exit());
    CHECK(child->exit()->signal == SIGHUP);
  }
}

namespace {

Awaitable<void> send_all(tcp::stream::End& end, std::size_t& sent) {
  const std::vector<std::byte> bytes(1000);
  const std::span<const std::byte> span(bytes);
  const IoResult result = co_await end.send(span);
  sent = result.value_or(0);
}

}  // namespace

TEST_CASE("what a child does not read any more is thrown away") {
  std::signal(SIGPIPE, SIG_IGN);
  RunLoop loop;
  Pipe pipe;
  pipe.reader_.reset();
  auto ready = ReadyFd::open(loop.executor(), std::move(pipe.writer_), "a pipe");
  REQUIRE(ready);
  ChildEnd end(std::make_unique<ReadyFd>(std::move(*ready)), nullptr, "words");
  std::size_t sent = 0;
  CHECK(loop.run(send_all(end, sent)) == 0);
  CHECK(sent == 1000);
}
