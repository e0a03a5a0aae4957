// SPDX-License-Identifier: MIT
// Children of a test, for what a process can only do to itself.
#pragma once

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

namespace tcp::sockets {

// A child of this process that waits until the test ends; `prepare` runs in it.
class Child {
 public:
  template <class Prepare>
  explicit Child(const Prepare& prepare) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      prepare();
      (void)!::write(ready[1], "x", 1);
      while (true) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    CHECK(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

// What `speak` returns in a child of its own.
template <class Speak>
std::string said_by_child(const Speak& speak) {
  int answer[2];
  REQUIRE(::pipe(answer) == 0);
  std::array<char, 4096> said{};
  ssize_t length = 0;
  {
    const Child child([&] {
      const std::string text = speak();
      (void)!::write(answer[1], text.data(), text.size());
    });
    ::close(answer[1]);
    length = ::read(answer[0], said.data(), said.size());
  }
  ::close(answer[0]);
  return {said.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

}  // namespace tcp::sockets
