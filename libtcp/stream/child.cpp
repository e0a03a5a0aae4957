// SPDX-License-Identifier: MIT
#include "libtcp/stream/child.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <thread>

namespace tcp::stream {
namespace {

constexpr std::array kEndingSignals{SIGHUP, SIGTERM, SIGKILL};
constexpr std::chrono::milliseconds kShortestPause{1};
constexpr std::chrono::milliseconds kLongestPause{32};

ChildExit exit_of(int status) {
  ChildExit exit;
  if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
  } else {
    exit.code = WEXITSTATUS(status);
  }
  return exit;
}

bool all_gone(std::span<Child* const> children) {
  bool gone = true;
  for (Child* child : children) gone = child->is_gone() && gone;
  return gone;
}

bool all_gone_in_time(std::span<Child* const> children) {
  auto pause = kShortestPause;
  for (Duration waited{}; waited < kEndingPatience; waited += pause) {
    if (all_gone(children)) return true;
    pause = std::min(pause * 2, kLongestPause);
    std::this_thread::sleep_for(pause);
  }
  return all_gone(children);
}

}  // namespace

Result<Child> Child::start(const Executor& executor, const SpawnRequest& request) {
  TCP_TRY_ASSIGN(spawned, spawn(request));
  auto pidfd = ReadyFd::open(executor, std::move(spawned.pidfd), "a child process");
  if (!pidfd) {
    ::kill(-spawned.pid, SIGKILL);
    while (::waitpid(spawned.pid, nullptr, 0) < 0 && errno == EINTR) continue;
    return std::unexpected(std::move(pidfd).error());
  }
  return Child(executor, spawned.pid, std::move(*pidfd));
}

Child::Child(const Executor& executor, pid_t pid, ReadyFd pidfd)
    : pid_(pid), pidfd_(std::move(pidfd)), pause_(executor) {}

Awaitable<void> Child::ended() {
  while (!exit_) {
    const std::error_code error = co_await pidfd_.readable();
    reap();
    if (error) co_return;
  }
}

Awaitable<void> Child::end_group() {
  for (const int number : kEndingSignals) {
    if (is_gone()) co_return;
    signal_group(number);
    auto pause = kShortestPause;
    for (Duration waited{}; waited < kEndingPatience && !is_gone(); waited += pause) {
      pause = std::min(pause * 2, kLongestPause);
      pause_.expires_after(pause);
      auto [ignored] = co_await pause_.async_wait(kToken);
      (void)ignored;
    }
  }
}

void Child::signal_group(int number) noexcept {
  if (gone_) return;
  ::kill(-pid_, number);
  ::kill(-pid_, SIGCONT);
}

// Before it is reaped, the process itself still counts as one of its group.
bool Child::is_gone() noexcept {
  if (gone_) return true;
  reap();
  gone_ = exit_ && ::kill(-pid_, 0) != 0 && errno == ESRCH;
  return gone_;
}

void Child::note_end(int status) noexcept {
  if (!exit_) exit_ = exit_of(status);
}

void Child::reap() noexcept {
  int status = 0;
  pid_t pid = 0;
  while ((pid = ::waitpid(-pid_, &status, WNOHANG)) > 0) {
    if (pid == pid_) note_end(status);
  }
  if (pid < 0 && errno == ECHILD && !exit_) exit_ = ChildExit{};  // whoever reaped it did not say how it ended
}

void end_groups(std::span<Child* const> children) {
  for (const int number : kEndingSignals) {
    if (all_gone(children)) return;
    for (Child* child : children) child->signal_group(number);
    if (all_gone_in_time(children)) return;
  }
}

}  // namespace tcp::stream
