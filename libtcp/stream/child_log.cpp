// SPDX-License-Identifier: MIT
#include "libtcp/stream/child_log.hpp"

#include <unistd.h>

namespace tcp::stream {
namespace {

constexpr std::size_t kLongestLine = 4096;  // what is longer is told in pieces
constexpr int kLastReads = 64;              // of a pipe that somebody may be filling for ever

}  // namespace

ChildLog::ChildLog(const Executor& executor, ReadyFd pipe, std::uint64_t id, SessionObserver& observer)
    : executor_(executor),
      pipe_(std::move(pipe)),
      observer_(observer),
      buffer_(kLongestLine),
      done_(executor, Timer::time_point::max()) {
  line_.id = id;
}

void ChildLog::start(std::string program, pid_t pid) {
  line_.program = std::move(program);
  line_.pid = pid;
  running_ = true;
  asio::co_spawn(executor_, run(), asio::detached);
}

Awaitable<void> ChildLog::run() {
  while (!finishing_ && !ended_) {
    const bool some = read_some();
    if (some) {
      co_await asio::post(executor_, kToken);  // the payload has its turn
    } else if (!ended_) {
      const std::error_code ignored = co_await pipe_.readable();
      (void)ignored;
    }
  }
  running_ = false;
  done_.cancel();
}

Awaitable<void> ChildLog::finish() {
  finishing_ = true;
  pipe_.cancel();
  while (running_) {
    auto [ignored] = co_await done_.async_wait(kToken);
    (void)ignored;
  }
  finish_now();
}

void ChildLog::finish_now() {
  for (int i = 0; i < kLastReads && read_some(); ++i) continue;
  ended_ = true;
  if (!line_.text.empty()) tell();
}

bool ChildLog::read_some() {
  if (ended_) return false;
  ssize_t bytes = 0;
  do {
    bytes = ::read(pipe_.get(), buffer_.data(), buffer_.size());
  } while (bytes < 0 && errno == EINTR);
  ended_ = bytes == 0 || (bytes < 0 && errno != EAGAIN);
  if (bytes <= 0) return false;
  take({buffer_.data(), static_cast<std::size_t>(bytes)});
  return true;
}

void ChildLog::take(std::string_view text) {
  for (const char c : text) {
    if (c == '\n' || line_.text.size() == kLongestLine) tell();
    if (c != '\n') line_.text += c;
  }
}

void ChildLog::tell() {
  observer_.on_child_line(line_);
  line_.text.clear();
}

}  // namespace tcp::stream
